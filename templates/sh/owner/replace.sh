# replace FILE MODE EXPECTED SUM TOOL: puts standard input in the place of FILE, whole or not at all. EXPECTED is the checksum of what is
# replaced, or absent, or any; SUM that of the new content; TOOL makes both. An existing file keeps owner, group and access list, and its
# mode unless MODE is 0600 or in letters; a new one gets MODE. Exit codes: 4 the file is not what is expected; 12 it cannot be written.
file=$1 mode=$2 expected=$3 sum=$4 tool=$5 locked=
umask 077
case $mode in ?[4567]?*) umask 022 ;; esac
mkdir -p "${file%/*}" 2>/dev/null || exit 12
umask 077
rm -f "$file".crossfade-new.??????
new=$(mktemp "$file.crossfade-new.XXXXXX" 2>/dev/null) || exit 12
give_up() {
  rm -f "$new"
  exit "$1"
}
trap "give_up 130" INT QUIT TERM HUP
if [ -e "$file" ]; then
  # A copy keeps everything but the content, on Linux with -a the security label, too; a flag that forbids changes is removed from the copy.
  cp -aL "$file" "$new" 2>/dev/null || give_up 12
  chflags nouchg "$new" 2>/dev/null || :
  [ "$mode" != 0600 ] || chmod go= "$new" || give_up 12
  [ -w "$new" ] || { chmod u+w "$new" 2>/dev/null && locked=yes; } || give_up 12
else
  chmod "$mode" "$new" || give_up 12
fi
cat >"$new" 2>/dev/null || give_up 12
[ "$("$tool" <"$new")" = "$sum" ] || give_up 12
[ -z "$locked" ] || chmod u-w "$new"
case $mode in u=*) chmod "$mode" "$new" || give_up 12 ;; esac
sync "$new" 2>/dev/null || sync
case $expected in
  any) ;;
  absent) if [ -e "$file" ] || [ -L "$file" ]; then give_up 4; fi ;;
  *)
    if [ -L "$file" ] || [ ! -f "$file" ]; then give_up 4; fi
    [ "$("$tool" <"$file")" = "$expected" ] || give_up 4
    ;;
esac
mv -f "$new" "$file" 2>/dev/null || give_up 12
sync "${file%/*}" 2>/dev/null || :
