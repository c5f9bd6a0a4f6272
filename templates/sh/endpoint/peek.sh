# fetch FILE: copies it to old; sets fetched to ok, absent or why it cannot be used.
fetch() {
  : >old
  echo unreadable >state
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" </dev/null 2>/dev/null | {
    IFS= read -r fetched || exit 0
    cat >old
    echo "$fetched" >state
  }
  IFS= read -r fetched <state
}
