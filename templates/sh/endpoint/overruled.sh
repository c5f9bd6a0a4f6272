# overruled FILE: whether the CLI merges another file with this one that sends data elsewhere. Sets other. Only where divert is set are
# files merged, X.json with X.d/*.json; later names override.
overruled() {
  [ -n "$divert" ] || return 1
  for other in "${1%.d/*}.json" "${1%/*}"/*.json; do
    if [ "$other" = "$1" ] || [ ! -f "$other" ]; then continue; fi
    setting=$divert
    if [ "${other%/*}" = "${1%/*}" ] && "$AWK" 'BEGIN { exit !(ARGV[1] "" > ARGV[2] "") }' "$other" "$1"; then setting=$override; fi
    if grep -Eq "$setting" "$other"; then return 0; fi
  done
  return 1
}
