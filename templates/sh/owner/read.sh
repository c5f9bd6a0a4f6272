# read FILE LIMIT yes|no: prints a line "STATE RECORDS FOLDERS", the lines of the undo record, then the bytes of the file. STATE is ok,
# absent or why the file cannot be used; FOLDERS is how many folders above it are missing. With yes it also removes temporary files of a
# run that was killed.
file=$1 records=0 folders=0 state=ok
folder=${file%/*}
while [ -n "$folder" ] && [ ! -e "$folder" ] && [ ! -L "$folder" ]; do
  folder=${folder%/*}
  folders=$((folders + 1))
done
if [ -n "$folder" ] && [ ! -d "$folder" ]; then state=folder
elif [ -L "${file%/*}" ]; then state=linked
elif [ -n "$folder" ] && [ ! -x "$folder" ]; then state=unreadable
elif [ -L "$file" ]; then state=link
elif [ ! -e "$file" ]; then state=absent
elif [ ! -f "$file" ]; then state=kind
elif [ ! -r "$file" ]; then state=unreadable
elif [ "$(wc -c <"$file")" -gt "$2" ]; then state=large
fi
undo=$file.crossfade-undo
for path in "$file".crossfade-new.?????? "$undo".crossfade-new.??????; do
  if [ "$3" = yes ] && [ -f "$path" ]; then rm -f "$path"; fi
done
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then records=$(($(wc -l <"$undo"))); fi
printf "%s %s %s\n" "$state" "$records" "$folders"
set --
if [ "$records" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
