# backup FILE KEEP: standard input becomes FILE.crossfade-backup-<time>, unless the newest backup is the same; keeps the KEEP newest
# backups. Exit code 12: it cannot be written.
file=$1 keep=$2
umask 077
newest=
for path in "$file".crossfade-backup-????????-??????; do
  if [ -f "$path" ]; then newest=$path; fi
done
rm -f "$file".crossfade-new.??????
new=$(mktemp "$file.crossfade-new.XXXXXX" 2>/dev/null) || exit 12
cat >"$new" 2>/dev/null || {
  rm -f "$new"
  exit 12
}
if [ -n "$newest" ] && cmp -s "$new" "$newest"; then
  rm -f "$new"
  exit 0
fi
sync "$new" 2>/dev/null || sync
# With colons, because some MDM tools replace a word between two per cent signs.
time_name() { name=$file.crossfade-backup-$(date +%Y:%m:%d-%H:%M:%S | tr -d :); }
time_name
while [ -e "$name" ]; do
  sleep 1
  time_name
done
mv -f "$new" "$name" || exit 12
set -- "$file".crossfade-backup-????????-??????
while [ $# -gt "$keep" ]; do
  rm -f "$1"
  shift
done
