# apart COMMAND...: runs it in a session of its own, without our terminal and descriptors above 2.
apart() {
  if [ -n "$has_perl" ]; then
    perl -MPOSIX -e 'setsid; opendir D, "/dev/fd"; POSIX::close($_) for grep { $_ > 2 } readdir D; exec @ARGV' "$@"
  else
    # A shell that cannot close a descriptor of two digits ends here.
    setsid "$SH" -c 'for fd in /dev/fd/*; do case ${fd##*/} in [012]) ;; *) eval "exec ${fd##*/}<&-" ;; esac; done; exec "$@"' sh "$@"
  fi
}

# run_as UID NAME PROGRAM ARGUMENTS...: runs one of the programs above as the owner of the files it touches; what it prints is in
# the file answer. Another account gets nothing that is ours: no terminal, no descriptors but pipes, no variables, and only so much time.
run_as() {
  as_uid=$1 as_name=$2 as_program=$3
  shift 3
  rm -f answer code ended
  set -- "$SH" -c "$as_program" crossfade "$@"
  if [ "$as_uid" = "$self" ]; then
    "$@" >answer 2>/dev/null
    return
  fi
  : >answer
  case $stuck in *" $as_uid "*) return 1 ;; esac
  case $become in
    runuser) set -- runuser -u "$as_name" -- "$@" ;;
    sudo) set -- sudo -n -u "#$as_uid" -- "$@" ;;
    su)
      shift 2
      set -- su -s "$SH" "$as_name" -c "$@"
      ;;
  esac
  apart "$SH" -c "$ALONE" crossfade "$((LARGEST * 2))" env -i "PATH=$PATH" LC_ALL=C "$@" 2>/dev/null || :
  rm -f session
  if [ -s ended ]; then return "$(cat ended)"; fi
  skip_account "$as_uid" "$as_name"
  return 1
}

# skip_account UID NAME: the others get their turn.
skip_account() {
  stuck="$stuck$1 "
  late=$late${late:+,}$(plain "$2")
  printf 'error: %s: took longer than %s seconds and is skipped\n' "$(plain "$2")" "$LIMIT" >&2
  [ "$worst" -eq 12 ] || worst=11
}

# guard: runs beside us and kills what an account does not end in time.
guard() {
  # By exec, or shells keep our output open for whoever reads it.
  exec </dev/null >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
  trap - EXIT INT QUIT TERM HUP
  last='' spent=0
  while sleep 1 && kill -0 $$ && [ -e accounts ]; do
    IFS= read -r now <session || now=
    [ "$now" = "$last" ] || last=$now spent=0
    spent=$((spent + 1))
    if [ -n "$now" ] && [ "$spent" -gt "$LIMIT" ]; then kill -s KILL -- "-$now" || :; fi
  done
  # After kill -9 nobody else ends it.
  if ! kill -0 $$ && IFS= read -r now <session; then kill -s KILL -- "-$now" || :; fi
}
