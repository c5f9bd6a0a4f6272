# Prints a line "STATE 0 0 RIGHTS", then the bytes of FILE.
printf "%s 0 0 %s\n" "$state" "$rights"
[ "$state" != ok ] || cat "$file"
