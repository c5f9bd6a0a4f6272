#!/bin/sh
# Puts a new Torii token in place for Grafana Alloy 1.18.1,
# makes the collector use it, and proves from the collector's own metrics that exports succeed with it. If they do not, the old
# token is put back.
#
# Made by otel-crossfade 0.0.0. To change it, make it again: crossfade collector --rotate-script
#
# Usage: sh rotate-torii.sh [options] [--from FILE]
#   The new token comes from FILE, from standard input, or from a hidden question. It is never an argument.
#   --from FILE         read the new token from this file
#   --dry-run           check the token and the collector, change nothing
#   --no-precheck       do not ask Torii beforehand whether it accepts the token
#   --wait SECONDS      how long to wait for exports (default 120)
#   --token-file FILE   where the collector reads the token
#   --owner USER:GROUP  who may read that file, when run as root (default: as it is now, else OWNER below)
#   --metrics URL       the collector's own metrics
#   --validate COMMAND  run before a reload (default: see VALIDATE below; "" for none)
#   --apply COMMAND     run after the file changed (default: see APPLY below; "" for nothing)
#
# Exit codes: 0 done and proven; 2 usage; 3 the new token was rejected, the old one is in place; 6 no answer from the
# metrics; 9 in place, but nothing was exported meanwhile, so nothing is proven; 11 refused, nothing changed;
# 12 the file could not be written, nothing changed; 13 a program is missing.

{ set +x; } 2>/dev/null # a traced shell must not show the token
[ -z "${ZSH_VERSION-}" ] || emulate sh
set -eu
umask 077
unset -v token old rest
LC_ALL=C
export LC_ALL
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
export PATH

TOKEN_FILE=/etc/crossfade/torii.token
OWNER=alloy:alloy
METRICS=http://127.0.0.1:12345/metrics
EXPORTER='component_id="otelcol.exporter.otlphttp.torii"'
PROBE_URL=https://ai-events.toriihq.com/v1/logs
HEADER=Authorization
SCHEME=Bearer
VALIDATE=''
APPLY=''
WAIT=120
FROM=
DRY_RUN=
PRECHECK=yes
lock=
temporary=

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
# die CODE WHAT FIX
die() {
  printf 'error: %s\n  fix      %s\n' "$2" "$3" >&2
  exit "$1"
}

clean_up() {
  if [ -n "$temporary" ]; then rm -f "$temporary"; fi
  if [ -n "$lock" ]; then rm -f "$lock"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

have() { command -v "$1" >/dev/null 2>&1; }

# Prints its argument without a line break, and without starting a program that would show it in the process list.
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no built-in printf; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi

# The first 12 hex digits of SHA-256 over a token: tells tokens apart and reveals nothing.
fingerprint() {
  if have sha256sum; then
    put "$1" | sha256sum
  elif have shasum; then
    put "$1" | shasum -a 256
  else
    put "$1" | openssl dgst -sha256 -r
  fi | cut -c1-12
}

# check_token TOKEN LONGEST: sets problem to what is wrong with a token, in words that follow "the token", or to nothing.
check_token() {
  problem=
  case $1 in
    '') problem="is empty; copy it again, alone and on one line" ;;
    [Bb][Ee][Aa][Rr][Ee][Rr][[:blank:]]*) problem="starts with the word Bearer; remove that word" ;;
    *[![:graph:]]*) problem="contains a blank, a control character or a character outside ASCII; copy it again, alone and on one line" ;;
  esac
  [ -z "$problem" ] || return 0
  if [ ${#1} -lt 20 ]; then
    problem="is too short (${#1} characters); copy all of it"
  elif [ ${#1} -gt "$2" ]; then
    problem="is too long (${#1} characters), or was cut; copy it again, alone and on one line"
  fi
}

# When the process with this id started; tells it from a later process with the same id.
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat <"/proc/$1/stat" || stat=
    # shellcheck disable=SC2086 # split into fields, after the name in brackets
    set -- ${stat##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# take_lock LINK SECONDS: one run at a time. The lock is a symbolic link, which is made whole or not at all, and it names its owner; a
# lock whose owner no longer runs is taken over. Sets lock. Returns 1 if after so many seconds the process $holder still has it, 2 if it
# cannot be made.
take_lock() {
  me="$$ $(started $$)"
  waited=0
  unseen=0
  if [ -e "$1" ] && [ ! -L "$1" ]; then return 2; fi
  until ln -s "$me" "$1" 2>/dev/null; do
    holder=$(readlink "$1") || holder=
    if [ -z "$holder" ]; then
      # It was released at this moment, or it cannot be made.
      unseen=$((unseen + 1))
      if [ ! -w "${1%/*}" ] || [ "$unseen" -gt 60 ]; then return 2; fi
    elif [ "$(started "${holder%% *}" 2>/dev/null)" != "${holder#* }" ]; then
      # It is moved away before it is checked again: of two runs that find it stale, one may move the other's new lock, and gives it back.
      mv "$1" "$1.stale.$$" 2>/dev/null || continue
      if [ "$(readlink "$1.stale.$$")" = "$holder" ]; then rm -f "$1.stale.$$"; else mv "$1.stale.$$" "$1"; fi
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      sleep 1
    fi
  done
  lock=$1
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    option=$1
    case $option in
      --from | --wait | --token-file | --owner | --metrics | --validate | --apply)
        [ $# -ge 2 ] || die 2 "$option needs a value" "see the top of this file"
        value=$2
        shift
        ;;
    esac
    case $option in
      --from) FROM=$value ;;
      --wait) WAIT=$value ;;
      --token-file) TOKEN_FILE=$value ;;
      --owner) OWNER=$value ;;
      --metrics) METRICS=$value ;;
      --validate) VALIDATE=$value ;;
      --apply) APPLY=$value ;;
      --dry-run) DRY_RUN=yes ;;
      --no-precheck) PRECHECK= ;;
      -h | --help)
        sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
      # Not quoted: it could be a token.
      *) die 2 "an argument this script does not know" "the token comes from --from FILE or standard input; see --help" ;;
    esac
    shift
  done
  case $WAIT in '' | *[!0-9]*) die 2 "--wait is not a number of seconds" "write it like 120" ;; esac
}

check_machine() {
  have curl || have wget || die 13 "neither curl nor wget is installed, which the metrics need" "install one of them"
  have awk || die 13 "awk is not installed" "install it"
  have sha256sum || have shasum || have openssl || die 13 "none of sha256sum, shasum and openssl is installed" "install one of them"
  directory=$(dirname "$TOKEN_FILE")
  [ -d "$directory" ] || die 11 "there is no folder $directory" "create it, readable by the collector's account only"
  if [ -L "$TOKEN_FILE" ]; then
    die 11 "$TOKEN_FILE is a symbolic link" "rotate it where it is made: a Kubernetes Secret, a vault agent"
  fi
  [ -w "$directory" ] || die 12 "$directory cannot be written" "run this as root or as the folder's owner"
}

lock_token_file() {
  result=0
  take_lock "$directory/.crossfade-rotate.lock" 0 || result=$?
  case $result in
    0) ;;
    1) die 11 "another rotation is running (process ${holder%% *})" "wait for it to end" ;;
    *) die 12 "cannot make a lock in $directory" "remove .crossfade-rotate.lock there, or free some space" ;;
  esac
}

read_token() {
  token=
  rest=
  if [ -n "$FROM" ]; then
    if [ ! -f "$FROM" ] || [ ! -r "$FROM" ]; then
      die 11 "$FROM cannot be read" "name a file that holds the token alone"
    fi
    { IFS= read -r token || :; IFS= read -r rest || :; } <"$FROM"
  elif [ -t 0 ]; then
    printf 'New token (not shown): ' >&2
    stty -echo
    trap 'stty echo; exit 130' INT TERM HUP
    IFS= read -r token || :
    stty echo
    trap 'exit 130' INT TERM HUP
    printf '\n' >&2
  else
    IFS= read -r token || :
    IFS= read -r rest || :
  fi
  [ -z "$rest" ] || die 11 "the new token has more than one line" "copy it again, alone and on one line"
  check_token "$token" 4096
  [ -z "$problem" ] || die 11 "the new token ${problem%; *}" "${problem#*; }"
}

# Asks the provider with an empty export whether it accepts the token; the header reaches curl on standard input.
precheck() {
  [ -n "$PRECHECK" ] || return 0
  if ! have curl; then
    warn "curl is not installed, so the token is not checked beforehand"
    return 0
  fi
  case $token in
    *\"* | *\\*)
      warn "the token has quotes or backslashes, so it is not checked beforehand"
      return 0
      ;;
  esac
  answer=$(
    {
      put "header = \"$HEADER: ${SCHEME:+$SCHEME }$token\""
      printf '\n'
    } | curl -q -sS -o /dev/null -w '%{http_code}' --max-time 30 -X POST \
      -H 'Content-Type: application/json' --data '{}' --config - "$PROBE_URL" 2>/dev/null
  ) || :
  case $answer in
    2??) say "accepted  Torii accepts fp=$new_print" ;;
    401 | 403)
      die 3 "Torii rejects the new token (HTTP $answer); nothing was changed" "copy it again, or rotate again"
      ;;
    '' | 000) warn "no answer from $PROBE_URL, so the token is not checked beforehand" ;;
    *) warn "$PROBE_URL answered HTTP $answer, which says nothing about the token" ;;
  esac
}

read_metrics() {
  if have curl; then
    http_proxy='' HTTP_PROXY='' curl -q -fsS --max-time 10 "$METRICS" 2>/dev/null
  else
    http_proxy='' wget -q -T 10 -O - "$METRICS" 2>/dev/null
  fi
}

# count sent|send_failed: how much our exporter has sent or dropped since the collector started.
count() {
  printf '%s\n' "$metrics" | awk -v name="otelcol_exporter_$1_" -v label="$EXPORTER" '
    index($0, name) == 1 && index($0, label) { sum += $NF }
    END { printf "%.0f\n", sum }
  '
}

# Replaces the token file whole: the collector sees the old token or the new one, never half of one.
replace_token() {
  temporary=$(mktemp "$directory/.crossfade.XXXXXX") || die 12 "cannot create a file in $directory" "free some space"
  put "$1" >"$temporary" || die 12 "cannot write to $directory" "free some space"
  if [ "$(id -u)" = 0 ] && [ -n "$keep_owner" ]; then
    chown "$keep_owner" "$temporary" || die 12 "cannot give the file to $keep_owner" "name an account with --owner"
  fi
  chmod 0400 "$temporary"
  sync "$temporary" 2>/dev/null || sync
  mv -f "$temporary" "$TOKEN_FILE" || die 12 "cannot replace $TOKEN_FILE" "check the folder's mode"
  temporary=
}

# Makes the collector use what is in the file now.
apply_change() {
  if [ -n "$VALIDATE" ]; then
    sh -c "$VALIDATE" >&2 || return 1
  fi
  if [ -n "$APPLY" ]; then
    sh -c "$APPLY" >&2 || return 1
  fi
}

restore() {
  if [ -z "$old" ]; then
    warn "there was no token before, so the new one stays"
    return 0
  fi
  replace_token "$old"
  apply_change || warn "the collector could not be told; see its log"
  say "restored  fp=$old_print is in place again"
}

# Waits until exports succeed with the new token. What was sent in the first seconds may still have gone with the old.
confirm() {
  failed_before=$failed
  sleep 3
  sent_before=
  waited=0
  while [ "$waited" -lt "$WAIT" ]; do
    if metrics=$(read_metrics); then
      sent=$(count sent)
      failed=$(count send_failed)
      # A restart starts the counters again.
      if [ "$failed" -lt "$failed_before" ]; then failed_before=0; fi
      if [ "$failed" -gt "$failed_before" ]; then return 3; fi
      if [ -z "$sent_before" ] || [ "$sent" -lt "$sent_before" ]; then sent_before=$sent; fi
      if [ "$sent" -gt "$sent_before" ]; then return 0; fi
    fi
    sleep 1
    waited=$((waited + 1))
  done
  [ -n "$sent_before" ] || return 6
  return 9
}

main() {
  parse_arguments "$@"
  check_machine
  read_token
  new_print=$(fingerprint "$token")
  old=
  keep_owner=$OWNER
  if [ -e "$TOKEN_FILE" ]; then
    IFS= read -r old <"$TOKEN_FILE" || :
    # shellcheck disable=SC2012 # numbers of owner and group, in the one way every ls prints them
    keep_owner=$(ls -nd "$TOKEN_FILE" | awk '{ print $3 ":" $4 }')
  fi
  if [ "$token" = "$old" ]; then
    say "unchanged fp=$new_print is in place already"
    exit 0
  fi
  precheck
  if [ -z "$old" ]; then
    [ -z "$DRY_RUN" ] || { say "would put fp=$new_print into $TOKEN_FILE"; exit 0; }
    lock_token_file
    replace_token "$token"
    say "in place  fp=$new_print is in $TOKEN_FILE; start the collector"
    exit 0
  fi
  old_print=$(fingerprint "$old")
  metrics=$(read_metrics) || die 6 "the collector's metrics do not answer at $METRICS" "start it, or name them with --metrics"
  failed=$(count send_failed)
  if [ -n "$DRY_RUN" ]; then
    say "would replace fp=$old_print by fp=$new_print in $TOKEN_FILE"
    exit 0
  fi
  lock_token_file
  replace_token "$token"
  say "in place  fp=$new_print instead of fp=$old_print"
  if ! apply_change; then
    restore
    die 11 "the collector could not be told about the new token" "fix what it said above and run this again"
  fi
  result=0
  confirm || result=$?
  case $result in
    0) say "proven    exports succeed with fp=$new_print" ;;
    3)
      restore
      die 3 "exports fail with the new token" "see the collector's log; was the token copied whole?"
      ;;
    6) die 6 "the metrics stopped answering; fp=$new_print is in place" "see the collector's log" ;;
    9) die 9 "nothing was exported in $WAIT s, so nothing is proven; fp=$new_print is in place" "send something through the collector and watch its metrics" ;;
  esac
}

main "$@"
