# names FILE PATTERN AWK PROGRAM KNOWN: code 4 if FILE has a line like PATTERN. So it is if it cannot be read, and 3 if PROGRAM does not know that its
# reader takes it.
[ -e "$1" ] || exit 0
[ -f "$1" ] && [ -r "$1" ] || exit 4
if [ -n "$2" ] && tr "\r" "\n" <"$1" | grep -Eq -e "$2"; then exit 4; fi
[ -n "$4" ] || exit 0
[ "$(($(head -c 65537 "$1" | wc -c)))" -lt 65537 ] && tr "\000" "\001" <"$1" | "$3" -v "known=$5" "$4" || exit 3
