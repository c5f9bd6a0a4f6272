# Prints a line "STATE RECORDS FOLDERS", the lines of the undo record, then the bytes of FILE. With yes as third argument it also removes
# temporary files of a run that was killed.
records=0 undo=$file.crossfade-undo
for path in "$file".crossfade-new.?????? "$undo".crossfade-new.??????; do
  if [ "$3" = yes ] && [ -f "$path" ]; then rm -f "$path"; fi
done
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then records=$(($(wc -l <"$undo"))); fi
printf "%s %s %s\n" "$state" "$records" "$folders"
set --
if [ "$records" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
