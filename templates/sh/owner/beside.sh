# beside FOLDER ENDING PATTERN: prints the first file of FOLDER with that ending in its name and the pattern in its text.
for other in "$1"/*"$2"; do
  if [ -f "$other" ] && grep -Eq "$3" "$other"; then
    printf "%s\n" "$other"
    exit 0
  fi
done
exit 1
