# seen_token FINGERPRINT: one token seen is its fingerprint, several are mixed.
seen_token() {
  case $fingerprints in
    none | "$1") fingerprints=$1 ;;
    *) fingerprints=mixed ;;
  esac
}
