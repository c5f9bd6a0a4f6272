# fetch FILE: copies it to old; sets fetched to ok, absent or why it cannot be used, and rights.
fetch() {
  take_answer "$1"
  mv rest old
}
