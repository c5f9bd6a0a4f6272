# fetch FILE: copies it to old and its undo record to before. Sets fetched to ok, absent or why it cannot be used; missing folders; and
# from the first line of the record whether the file, and how many folders above it, were made by this script.
fetch() {
  : >old
  : >before
  echo "unreadable 0 0 no 0" >state
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" "$MAY_WRITE" </dev/null 2>/dev/null | {
    IFS=' ' read -r state records folders || exit 0
    ours=no made=0
    if [ "$records" -gt 0 ]; then
      IFS=' ' read -r mark ours made
      if [ "$mark" != crossfade-undo-1 ]; then state=record; fi
    fi
    while [ "$records" -gt 1 ]; do
      IFS= read -r record
      printf '%s\n' "$record"
      records=$((records - 1))
    done >before
    cat >old
    echo "$state $records $folders $ours $made" >state
  }
  IFS=' ' read -r fetched records folders ours made <state
  if [ "$fetched" = absent ] && [ "$records" -eq 0 ]; then ours=yes made=$folders; fi
  case $ours in yes | no) ;; *) fetched=record ;; esac
  case $made in [0-9]) ;; *) fetched=record ;; esac
}
