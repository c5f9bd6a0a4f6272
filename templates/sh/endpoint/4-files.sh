# ---- Files ----

# One row of a plan. The value may hold the token, so it goes through pipes only.
row() { put "set$tab$2$tab$1$tab$3" && echo; }
drop() { put "drop$tab$1" && echo; }

# edit MODE: the editor over the file old, its plan or record on standard input, the result in new. Exit codes: see the editor; 5 what
# it wrote is not all there, as on a full disk, where some awks say nothing.
edit() {
  : >word
  code=0 said='' bytes=0 lines=0
  "$AWK" -v "format=$format" -v "mode=$1" -v undo=undo -v before=before -v status=word "$EDIT" - old >new 2>reason || code=$?
  IFS=' ' read -r said bytes lines <word || return 5
  case $code:$1 in
    0:set) [ "$(($(wc -l <undo)))" = "$lines" ] || return 5 ;;
  esac
  case $code:$1 in
    0:set | 0:undo) [ "$(($(wc -c <new)))" = "$bytes" ] || return 5 ;;
  esac
  [ "$code" = "$said" ] || return 5
  return "$code"
}

# fetch FILE: copies it to old and its undo record to before; sets fetched, missing folders, and from the record's first line whether the
# file and how many folders are ours.
fetch() {
  : >old
  : >before
  echo "unreadable 0 0 no 0" >state
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" "$ACTION$DRY_RUN" </dev/null 2>/dev/null | {
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
  case $ours$made in yes[0-9] | no[0-9]) ;; *) fetched=record ;; esac
}

why_not() {
  case $1 in
    link) echo "is a symbolic link, and none is followed" ;;
    linked) echo "lies in a folder that is a symbolic link, and none is followed" ;;
    kind) echo "is no regular file" ;;
    folder) echo "lies below something that is no folder" ;;
    large) echo "is larger than $LARGEST bytes" ;;
    loose) echo "can be written by others than its owner; take that right away with chmod go-w" ;;
    record) echo "has an undo record that is not understood" ;;
    *) echo "cannot be read" ;;
  esac
}

# replace FILE MODE EXPECTED CONTENT: puts the work folder's CONTENT in FILE's place, as its owner.
replace() { run_as "$uid" "$name" "$REPLACE" "$1" "$2" "$3" "$("$SUM" <"$4")" "$SUM" <"$4"; }

# loose FILE: whether others than its owner can write it.
loose() {
  # shellcheck disable=SC2012 # the rights, in the one way every ls prints them
  case $(ls -ld "$1" 2>/dev/null | cut -c1-10) in -????w* | -???????w*) return 0 ;; esac
  return 1
}

# settle CLI LAYER FILE yes|no: makes one file hold what it should, or nothing of ours.
settle() {
  fetch "$3"
  # A file for all that anybody can change protects nobody, and some CLIs ignore it.
  if [ "$2:$4:$fetched" = system:yes:ok ] && loose "$3"; then fetched=loose; fi
  case $fetched in
    ok | absent) ;;
    *)
      case $ACTION:$4:$records in
        uninstall:*:0 | *:no:*) ;;
        *) trouble "$1" "$3" "$(why_not "$fetched")" ;;
      esac
      return 0
      ;;
  esac
  case $ACTION:$4 in
    install:yes) put_in "$1" "$2" "$3" ;;
    report:yes) compare "$1" "$2" "$3" ;;
    install:no | uninstall:*) take_out "$1" "$3" ;;
  esac
}

put_in() {
  result=0
  plan "$1" "$2" | edit set || result=$?
  case $result in
    0) ;;
    1)
      note "$1" ok
      return 0
      ;;
    *)
      not_understood "$1" "$3"
      return 0
      ;;
  esac
  # A file over the limit is not opened again, so what is put in could not be taken out.
  if [ "$(($(wc -c <new)))" -gt "$LARGEST" ]; then
    trouble "$1" "$3" "would be larger than $LARGEST bytes"
    return 0
  fi
  if [ -n "$DRY_RUN" ]; then
    say "would change  $(plain "$3")"
    note "$1" drift
    return 0
  fi
  mv new wanted
  result=0
  {
    { echo "crossfade-undo-1 $ours $made" && cat undo; } >record && back_up "$3" && replace "$3.crossfade-undo" 0600 any record && replace "$3" "$mode" "$(expected)" wanted
  } || result=$?
  case $result in
    0)
      say "changed       $(plain "$3")"
      changed="$changed $1"
      note "$1" ok
      ;;
    4) again "$1" "$2" "$3" ;;
    *) trouble "$1" "$3" "cannot be written; it is as it was" 12 ;;
  esac
}

# Somebody changed the file while we worked: once more, from the start.
again() {
  if [ -n "$second" ]; then
    trouble "$1" "$3" "was changed by somebody else while this script worked; run it again"
  else
    second=yes
    settle "$1" "$2" "$3" yes
    second=
  fi
}

not_understood() {
  case $result in
    3) trouble "$1" "$2" "is not understood, so it is left alone ($(plain "$(sed 's/^edit: //; 1q' reason)"))" ;;
    5) trouble "$1" "$2" "cannot be worked on, as $(plain "$work") cannot be written; the file is as it was" 12 ;;
    *) trouble "$1" "$2" "the editor failed ($result), a bug; the file is as it was" 1 ;;
  esac
}

expected() { if [ "$fetched" = ok ]; then "$SUM" <old; else echo absent; fi; }

# The backup is of what is not ours: the file before our first edit, and later the file without our settings, so that it holds no token.
back_up() {
  if [ "$ours" = yes ] || [ ! -s old ]; then return 0; fi
  if [ -s before ]; then edit undo <before || [ $? -eq 1 ] || return 0; fi
  if [ -s before ] && [ -s new ]; then mv new foreign; else cp old foreign; fi
  run_as "$uid" "$name" "$BACKUP" "$1" "$BACKUPS" <foreign
}

take_out() {
  [ "$records" -gt 0 ] || return 0
  result=0
  edit undo <before || result=$?
  case $result in
    0) ;;
    1) cp old new ;;
    *)
      not_understood "$1" "$2"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say "would restore $(plain "$2")"
    return 0
  fi
  if [ -s reason ]; then say "in $(plain "$2"): $(plain "$(tr '\n' ' ' <reason)")"; fi
  result=0
  if [ "$ours" = yes ] && ! grep -q '[^][:space:]{}[]' new; then
    run_as "$uid" "$name" "$REMOVE" "$2" "$(expected)" "$made" "$SUM" </dev/null || result=$?
  else
    { cmp -s old new || replace "$2" 0600 "$(expected)" new; } &&
      run_as "$uid" "$name" "$REMOVE" "$2" keep 0 "$SUM" </dev/null || result=$?
  fi
  case $result in
    0)
      say "restored      $(plain "$2")"
      changed="$changed $1"
      ;;
    *) trouble "$1" "$2" "cannot be written; it is as it was" 12 ;;
  esac
}

# live_token CLI: sets live to the token in the file old, or to nothing; result is what the editor says.
live_token() {
  live='' result=0
  token_places "$1" | edit get || result=$?
  if [ "$result" -eq 0 ]; then live=$(sed -n "s/^[^$tab]*${tab}string$tab//p" new | sed -n '1s|^.*[ =/]||p'); fi
}

# Compares with what the file should hold for the token that is in it.
compare() {
  live_token "$1"
  if [ "$result" -gt 1 ]; then
    not_understood "$1" "$3"
    return 0
  fi
  if [ -n "$secret" ]; then
    fetch "$secret"
    live=$(cat old)
    fetch "$3"
  fi
  if [ -n "$live" ]; then
    print=$(fingerprint "$live")
    saw "$print"
  fi
  token=$live
  result=0
  plan "$1" "$2" | edit set || result=$?
  token=
  if [ "$result" -gt 1 ]; then
    not_understood "$1" "$3"
  elif [ "$result" -eq 1 ] && [ -n "$live" ] && [ "${EXPECT:-$print}" = "$print" ]; then
    note "$1" ok
  else
    note "$1" drift
  fi
}
