# fetch FILE: copies it to old and its undo record to before. Sets fetched to ok, absent or why it cannot be used; rights; records, the
# size of the record; missing folders; and from the first line of the record whether the file, and how many folders above it, were made by
# this script, and which rights the file had.
fetch() {
  take_answer "$1"
  ours=no made=0 had=
  if [ "$records" -gt 0 ] && [ "$fetched" != record ]; then
    head -c "$records" rest >record
    IFS=' ' read -r mark ours made had <record || :
    if [ "$mark" != crossfade-undo-1 ]; then fetched=record; fi
    tail -n +2 record >before
  fi
  tail -c "+$((records + 1))" rest >old
  if [ "$fetched" = absent ] && [ "$records" -eq 0 ]; then ours=yes made=$folders; fi
  case $ours in yes | no) ;; *) fetched=record ;; esac
  case $made in [0-9]) ;; *) fetched=record ;; esac
  case $had in *[!ugorwxst=,]*) fetched=record ;; esac
}
