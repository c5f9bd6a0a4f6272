# overruled FILE: whether another file overrides this one. Sets other. Only where divert is set are files merged, X.json with X.d/*.json,
# and later names override; profiles override all of them.
overruled() {
  [ -n "$divert" ] || return 1
  for other in "${1%.d/*}.json" "${1%/*}"/*.json "$ROOT/Library/Managed Preferences/$domain.plist" "$ROOT/Library/Managed Preferences"/*/"$domain.plist"; do
    if [ "$other" = "$1" ] || [ ! -f "$other" ]; then continue; fi
    setting=$override
    case $other in *.json) if [ "${other%/*}" != "${1%/*}" ] || "$AWK" 'BEGIN { exit (ARGV[1] "" > ARGV[2] "") }' "$other" "$1"; then setting=$divert; fi ;; esac
    if grep -Eq "$setting" "$other"; then return 0; fi
  done
  return 1
}
