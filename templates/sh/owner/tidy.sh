# With yes as third argument temporary files of a run that was killed are removed.
for path in "$file".crossfade-new.?????? "$file".crossfade-undo.crossfade-new.??????; do
  if [ "$3" = yes ] && [ -f "$path" ]; then rm -f "$path"; fi
done
