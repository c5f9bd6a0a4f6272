# Prints a line "STATE RECORD FOLDERS RIGHTS", where RECORD is the size of the undo record, then that record and the bytes of FILE.
record=0 undo=$file.crossfade-undo
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then record=$(size_of "$undo"); fi
if [ "$record" -gt "$limit" ]; then state=record; fi
printf "%s %s %s %s\n" "$state" "$record" "$folders" "$rights"
[ "$state" != record ] || exit 0
set --
if [ "$record" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
