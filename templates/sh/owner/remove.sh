# remove FILE EXPECTED FOLDERS TOOL: removes what this script left beside FILE. EXPECTED is the checksum FILE must have to be removed
# too, or keep. FOLDERS above it, which were made for it, are removed when they are empty. Exit codes: 4 the file is not what is
# expected; 12 it cannot be removed.
file=$1 expected=$2 folders=$3 tool=$4
folder=${file%/*}
[ -d "$folder" ] || exit 0
if [ "$expected" != keep ] && [ -e "$file" ]; then
  [ -f "$file" ] && [ ! -L "$file" ] && [ "$("$tool" <"$file")" = "$expected" ] || exit 4
  rm -f "$file" 2>/dev/null || exit 12
fi
rm -f "$file".crossfade-undo "$file".crossfade-new.?????? "$file".crossfade-backup-????????-?????? 2>/dev/null || exit 12
while [ "$folders" -gt 0 ] && rmdir "$folder" 2>/dev/null; do
  folder=${folder%/*}
  folders=$((folders - 1))
done
exit 0
