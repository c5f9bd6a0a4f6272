# Enters a private working folder, once no other run is at work. Runs of root and of an account have locks of their own: each file is compared
# right before it is replaced, and who comes second says that it changed.
enter() {
  if [ "$self" -eq 0 ]; then
    work=$ROOT/var/run/otel-crossfade
    [ -d "$ROOT/var/run" ] || (umask 022 && mkdir -p "$ROOT/var/run") 2>/dev/null || :
  else
    case ${HOME-} in /?*) work=$HOME/.otel-crossfade ;; *) fail 11 "HOME is not set" ;; esac
  fi
  result=0
  take_lock "$work.lock" "$PATIENCE" || result=$?
  case $result in
    0) ;;
    1) fail 11 "another run is at work (process $(plain "${holder%% *}"))" ;;
    *) fail 12 "no working folder can be made in $(plain "${work%/*}")" ;;
  esac
  rm -rf "$work"
  mkdir "$work" 2>/dev/null || fail 12 "no working folder can be made in $(plain "${work%/*}")"
  cd "$work" || fail 12 "the working folder cannot be entered"
}

# leave [CODE]: however the script ends, it prints a report line and leaves no file behind.
leave() {
  code=${1-$?}
  if [ -n "$lock" ]; then
    cd /
    rm -rf "$work"
    rm -f "$lock"
  fi
  if [ -z "$finished" ]; then
    if [ "$code" -eq 130 ]; then complaint=interrupted; else code=12 complaint="ended early, by a full disk or a bug"; fi
    fail "$code" "$complaint"
  fi
}

# Not left to the trap on exit: mksh would end with 0.
stopped() {
  trap - EXIT
  leave 130
  exit 130
}
