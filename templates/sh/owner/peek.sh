# Prints a line with the state, then the bytes of FILE.
printf "%s\n" "$state"
[ "$state" != ok ] || cat "$file"
