# diverted FILE: whether a file beside it, which the CLI can be told to read over it, sets where data goes. Sets other.
diverted() {
  [ -n "$beside" ] || return 1
  run_as "$uid" "$name" "$BESIDE" "${1%/*}" "$beside" "$divert" || return 1
  IFS= read -r other <answer
}
