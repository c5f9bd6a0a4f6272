# ---- The work ----

# When the process with this id started, which tells it from a later one with the same id.
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r line <"/proc/$1/stat" || line=
    # shellcheck disable=SC2086 # split into fields, of which the name in brackets is cut off
    set -- ${line##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# One run at a time. The lock is a symbolic link, made whole or not at all, that names its owner; one whose owner is gone is taken over.
enter() {
  if [ "$self" -eq 0 ]; then
    work=$ROOT/var/run/otel-crossfade
    [ -d "$ROOT/var/run" ] || (umask 022 && mkdir -p "$ROOT/var/run") 2>/dev/null || :
  else
    case ${HOME-} in /?*) work=$HOME/.otel-crossfade ;; *) fail 11 "HOME is not set" ;; esac
  fi
  me="$$ $(started $$)"
  waited=0
  until ln -s "$me" "$work.lock" 2>/dev/null; do
    holder=$(readlink "$work.lock") || holder=
    if [ -z "$holder" ]; then
      # Gone in this very moment, or it cannot be made.
      if [ ! -w "${work%/*}" ] || [ "$waited" -ge "$PATIENCE" ]; then fail 12 "no working folder can be made in $(plain "${work%/*}")"; fi
      waited=$((waited + 1))
    elif [ "$(started "${holder%% *}" 2>/dev/null)" != "${holder#* }" ]; then
      # Moved away before it is judged again: of two that find it stale, one moves the other's new lock, sees it, and gives it back.
      mv "$work.lock" "$work.stale.$$" 2>/dev/null || continue
      if [ "$(readlink "$work.stale.$$")" = "$holder" ]; then rm -f "$work.stale.$$"; else mv "$work.stale.$$" "$work.lock"; fi
    else
      waited=$((waited + 1))
      [ "$waited" -lt "$PATIENCE" ] || fail 11 "another run is at work (process ${holder%% *})"
      sleep 1
    fi
  done
  lock=$work.lock
  rm -rf "$work"
  mkdir "$work" 2>/dev/null || fail 12 "no working folder can be made in $(plain "${work%/*}")"
  cd "$work" || fail 12 "the working folder cannot be entered"
}

# leave [CODE]: whatever ends the script, there is a report line and nothing of it is left.
leave() {
  code=${1-$?}
  if [ -n "$lock" ]; then
    cd /
    rm -rf "$work"
    rm -f "$lock"
  fi
  if [ -z "$finished" ]; then
    if [ "$code" -eq 130 ]; then complaint=interrupted; else complaint="ended early, by a full disk or a bug"; fi
    if [ "$code" -ne 130 ]; then code=12; fi
    fail "$code" "$complaint"
  fi
}

# Not by leaving it to the trap on exit: mksh then ends with 0.
stopped() {
  trap - EXIT
  leave 130
  exit 130
}

# layers CLI WORDS...: which layers hold for whoever has this on the machine; sets release, in_system, in_user.
layers() {
  in_system=no in_user=no
  release_of "$@"
  [ -n "$release" ] || return 0
  if [ "$SCOPE" = system ]; then
    describe "$1" system
    case $release in
      '?') in_system=yes in_user=yes ;;
      *) if older "$release" "$since"; then in_user=yes; else in_system=yes; fi ;;
    esac
  else
    in_user=yes
  fi
  describe "$1" user
  if [ "$in_user" = yes ] && [ "$release" != "?" ] && older "$release" "$since"; then
    in_user=no
    note "$1" old
  fi
}

# The program that prints Claude Code's header, and the token file it reads; wanted where the option says so.
# header_program CLI yes|no
header_program() {
  secret=
  [ -n "$program_folder" ] || return 0
  helper=$program_folder/crossfade-header
  if [ "$2" = yes ] && [ "$ACTION" != uninstall ] && wants helper; then
    case $helper in *[!A-Za-z0-9._/@-]*) fail 11 "no header program can be in a folder with such a name; run it with no-helper" ;; esac
    secret=$program_folder/crossfade-token
    [ "$ACTION" = install ] || return 0
    put "$HEADER_PROGRAM" >wanted
    whole "$1" "$helper" "$program_mode"
    { put "$token" && echo; } >wanted
    whole "$1" "$secret" "$program_mode"
  fi
}

# whole CLI FILE MODE: a file that is ours altogether gets the content of wanted.
whole() {
  fetch "$2"
  case $fetched in
    ok) if cmp -s old wanted; then return 0; fi ;;
    absent) ;;
    *)
      trouble "$1" "$2" "$(why_not "$fetched")"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say "would change  $(plain "$2")"
  elif replace "$2" "$3" "$(expected)" wanted; then
    say "changed       $(plain "$2")"
    changed="$changed $1"
  else
    trouble "$1" "$2" "cannot be written; it is as it was" 12
  fi
}

# drop_header_program FOLDERS: takes the header program away once nothing names it.
drop_header_program() {
  if [ -z "$program_folder" ] || [ -n "$secret" ] || [ "$ACTION" = report ] || [ -n "$DRY_RUN" ]; then return 0; fi
  for file in "$program_folder/crossfade-header" "$program_folder/crossfade-token"; do
    fetch "$file"
    if [ "$fetched" = ok ]; then
      run_as "$uid" "$name" "$REMOVE" "$file" "$(expected)" "$1" "$SUM" </dev/null || trouble claude-code "$file" "cannot be removed" 12
    fi
  done
}

# at_machine CLI yes|no: the layer of the machine.
at_machine() {
  uid=0 name=root
  describe "$1" system
  program_folder=$header_folder program_mode=0644 mode=0644
  header_program "$1" "$2"
  settle "$1" system "$file" "$2"
  drop_header_program 1
}

# at_home_of CLI yes|no: the layer of the user in uid, name and home.
of_user() {
  describe "$1" user
  program_folder=${header_folder:+$folder} program_mode=0600 mode=0600
  header_program "$1" "$2"
  settle "$1" user "$folder/$file" "$2"
  drop_header_program 0
}

# Processes that outlive a session: lines UID, age in seconds, program.
daemons() {
  ps -A -o uid= -o etime= -o args= 2>/dev/null | "$AWK" -v needle="$needle" '
    index($0, needle) && !/awk/ {
      days = 0
      clock = $2
      if (split(clock, part, "-") == 2) { days = part[1]; clock = part[2] }
      count = split(clock, part, ":")
      seconds = 0
      for (i = 1; i <= count; i++) seconds = seconds * 60 + part[i]
      print $1, days * 86400 + seconds, $3
    }'
}

# look_at_daemon CLI FILE: whether the user in uid has a process that started before our last change of the file.
look_at_daemon() {
  daemon "$1"
  [ -n "$needle" ] || return 0
  while IFS=' ' read -r owner age program <&4; do
    [ "$owner" = "$uid" ] || continue
    written=$(stat -c %Y "$2.crossfade-undo" 2>/dev/null || stat -f %m "$2.crossfade-undo" 2>/dev/null) || continue
    [ "$age" -gt "$(($(date +%s) - written))" ] || continue
    # shellcheck disable=SC2086 # the words of a command
    if wants restart && [ "$ACTION" = install ] && run_as "$uid" "$name" "$RESTART" "$home" "$program" $restart </dev/null; then
      say "restarted     $program $restart"
    else
      note "$1" stale
    fi
    return 0
  done 4<"daemons-$1"
}

work_through() {
  for cli in $CLIS; do
    daemon "$cli"
    if [ -n "$needle" ]; then daemons >"daemons-$cli"; fi
    wanted_here=no
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      if [ "$in_system" = yes ]; then wanted_here=yes; fi
    done 3<people
    # shellcheck disable=SC2086 # words
    layers "$cli" $machine
    if [ "$in_system" = yes ]; then wanted_here=yes; fi
    if [ "$self" -eq 0 ] && { [ "$USERS" = all ] || [ "$SCOPE" = system ]; }; then at_machine "$cli" "$wanted_here"; fi
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      case $in_user$USERS$words in
        yes* | noself* | *"$cli=ours"*) of_user "$cli" "$in_user" ;;
      esac
      if [ "$ACTION" != uninstall ]; then
        describe "$cli" system
        if [ "$in_system" = yes ]; then look_at_daemon "$cli" "$file"; fi
        describe "$cli" user
        if [ "$in_user" = yes ]; then look_at_daemon "$cli" "$folder/$file"; fi
      fi
    done 3<people
  done
}

# Tries the editor of this machine on made-up files: what it sets is there, a second time changes nothing, and taking it out gives back
# every byte.
self_test() {
  token="self-test-0000000000000000"
  helper=/crossfade-header
  home=/
  for cli in $CLIS; do
    describe "$cli" user
    for sample in '' "$(sample_of "$format")"; do
      put "$sample" >old
      cp old original
      : >before
      plan "$cli" user | edit set || fail 1 "self-test: $cli cannot be set"
      cp new old
      live_token "$cli"
      [ "$live" = "$token" ] || fail 1 "self-test: $cli has no token"
      cp undo before
      result=0
      plan "$cli" user | edit set || result=$?
      [ "$result" -eq 1 ] || fail 1 "self-test: $cli changes twice"
      edit undo <before || fail 1 "self-test: $cli cannot be restored"
      cmp -s new original || fail 1 "self-test: $cli is restored otherwise"
      say "works         $cli, $format"
    done
    note "$cli" ok
  done
}
sample_of() {
  case $1 in
    toml) printf '# mine\r\nmodel = "m"\r\n[mcp_servers."a b"] # theirs\r\nargs = [ 1,\r\n 2 ]' ;;
    jsonc) printf '{\n\t// mine\n\t"a": [1.50, {"b": null}],\n\t"c": "\\u00e9"\n}' ;;
    *) printf '{"a": [1.50, {"b": null}],\n  "env": {"X": "\\u00e9"}}\n\n' ;;
  esac
}

# Before anything is asked for or changed: whose files, which, and where to.
announce() {
  case $ACTION$DRY_RUN in
    install) say "Telemetry to $(plain "$ENDPOINT") will be set for:" ;;
    installyes) say "A dry run: nothing is changed. Telemetry to $(plain "$ENDPOINT") would be set for:" ;;
    *) return 0 ;;
  esac
  for cli in $CLIS; do
    about "$cli"
    told=
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      if [ "$in_system" = yes ] && [ -z "$told" ]; then
        describe "$cli" system
        say "  $title $(plain "$release"): $(plain "$file"), for everybody on this machine"
        told=yes
      fi
      if [ "$in_user" = yes ]; then
        describe "$cli" user
        say "  $title $(plain "$release"): $(plain "$folder/$file")"
      elif [ -z "$release" ]; then
        say "  $title: not here, left alone"
      elif [ "$in_system" = no ]; then
        say "  $title $(plain "$release"): too old for it, left alone"
      fi
    done 3<people
  done
  say "Each file is backed up before its first change; --uninstall takes everything out again."
}

# Afterwards: what came of it, when it is used, and how to check.
conclude() {
  [ "$ACTION" != report ] && [ -z "$DRY_RUN" ] || return 0
  if [ -z "$changed" ] && [ "$worst" -eq 0 ]; then say "Nothing had to be changed."; fi
  [ "$ACTION" = install ] || return 0
  for cli in $CLIS; do
    about "$cli"
    case $states in
      *" $cli=ok "*) say "$title uses the token $when." ;;
      *" $cli=stale "*) say "$title: a background process still has the token from before; --restart restarts it." ;;
    esac
  done
  say "To check: crossfade doctor, or this script with --report."
}

usage() {
  if [ -n "$HELP" ]; then
    printf '%s\n' "$HELP"
  elif is_file; then
    sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
  else
    echo "The options and exit codes are described at the top of this script."
  fi
}

get_token() {
  [ "$ACTION" = install ] || return 0
  take_token
  check_token
  saw "$(fingerprint "$token")"
}

main() {
  DRY_RUN='' EXPECT='' KNOWN_CLIS=$CLIS
  LARGEST=10485760 BACKUPS=3 PATIENCE=60
  users=0 skipped=0 worst=0 second='' changed='' lock='' complaint='' token='' helper='' machine_name=''
  trap leave EXIT
  trap stopped INT TERM HUP
  take_options "$@"
  set --
  read_options
  check_options
  if [ "$ACTION" = help ]; then
    usage
    finished=yes
    exit 0
  fi
  check_machine
  # A person is told first what it is for.
  if [ "$SAYS" = no ]; then get_token; fi
  if wants host; then machine_name=$(identity); fi
  enter
  if [ "$ACTION" = self-test ]; then
    self_test
    finish ok 0
  fi
  find_people
  if [ "$SAYS" = yes ]; then
    announce
    # The token file may be named relative to where this was started.
    cd "${OLDPWD:-/}" 2>/dev/null || :
    get_token
    cd "$work"
  fi
  work_through
  conclude
  case $worst:$states in
    0:*=drift*) if [ "$ACTION" = report ]; then finish drift 10; else finish drift 0; fi ;;
    0:*=stale*) if [ "$ACTION" = report ]; then finish drift 10; else finish drift 0; fi ;;
    0:*=ok*) finish ok 0 ;;
    0:*) if [ "$ACTION" = report ]; then finish absent 9; else finish absent 0; fi ;;
    *) finish error "$worst" ;;
  esac
}

# In braces, so that a script that was cut off does nothing, rather than something without its options.
{ main "$@"; }
