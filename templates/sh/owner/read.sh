# Prints a line "STATE RECORD FOLDERS RIGHTS", where RECORD is the size of the undo record, then that record and the bytes of FILE. With
# yes as third argument it also removes temporary files of a run that was killed.
record=0 undo=$file.crossfade-undo
for path in "$file".crossfade-new.?????? "$undo".crossfade-new.??????; do
  if [ "$3" = yes ] && [ -f "$path" ]; then rm -f "$path"; fi
done
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then record=$(size_of "$undo"); fi
if [ "$record" -gt "$limit" ]; then state=record; fi
printf "%s %s %s %s\n" "$state" "$record" "$folders" "$rights"
[ "$state" != record ] || exit 0
set --
if [ "$record" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
