#!/bin/sh
# shellcheck shell=sh disable=SC2016 # commands for later stand in single quotes
# Puts a new Torii token in place for OpenTelemetry Collector Contrib 0.159.0,
# has it used, and proves that exports succeed with it and not with the old one. When they do not, the token from before is put back.
#
# Made by otel-crossfade 0.0.0. To change it, make it again: crossfade collector --rotate-script
#
# Usage: sh rotate-torii.sh [options] [--from FILE]
#   The new token comes from FILE, from standard input, or from a hidden question. It is never an argument.
#   --from FILE         read the new token from this file
#   --dry-run           check the token and the collector, change nothing
#   --despite-queue     change the token although data waits in the collector's queues and the change loses it
#   --no-precheck       do not ask Torii beforehand whether it accepts the token
#   --wait SECONDS      how long to wait for exports (default 120)
#   --token-file FILE   where the collector reads the token
#   --owner USER:GROUP  who may read that file, when run as root (default: as it is now, else OWNER below)
#   --metrics URL       the collector's own metrics
#   --pid PID           the collector's process (default: see FIND_PID below)
#   --logs COMMAND      prints what it has logged since $SINCE, in seconds since 1970 (default: see LOGS below)
#   --counters URL      a page that counts what this collector sends by the token's fingerprint: of crossfade tap, or of a gateway
#   --validate COMMAND  run before a reload (default: see VALIDATE below; "" for none)
#   --apply COMMAND     run after the file changed (default: see APPLY below; "" for nothing)
#
# What proves it: while both tokens are accepted, exports that succeed say nothing about the token. So either the page at --counters
# counts the new token and no longer the old one; or the collector's process, looked at from here, finds the new token at its own path,
# and it logged 'refresh token' after the change. For the second this has to run as root on the collector's own host, and the config has to
# name the token file, where it can be read.
#
# Until that is seen the old token is kept in the same folder, as .NAME.crossfade-trial. A run that is interrupted puts it back, at once
# or, after kill -9, when this is run the next time. When a run ends without a proof it is kept as .NAME.crossfade-old: run this again
# with the same new token to prove it, or with --from and that file to go back.
#
# Exit codes: 0 done and proven; 2 usage; 3 the new token was rejected, the old one is in place; 6 no answer from the
# metrics; 9 in place, but nothing was exported meanwhile, so nothing is proven; 11 refused, the old token is in place, or
# what another program put there meanwhile; 12 the file could not be written, nothing changed; 13 a program is missing; 14 replaced, not
# proven: exports go on, and nothing tells with which token; 130 interrupted, the old token is in place.

{ { set +xva; } 2>/dev/null; } # a traced shell must not show the token, nor one that exports everything hand it on
{
[ -z "${ZSH_VERSION-}" ] || emulate sh
set -eu
umask 077
# shellcheck disable=SC3045 # no token in a core file
ulimit -c 0 2>/dev/null || :
# A name that the environment has already would be handed to every program with what is put into it here.
unset -v account answer base boot caller came changed config configs counted directory ended failed failed_before found found_token \
  groups holder judged keep_list keep_mode keep_owner kept left line lock me metrics new_counted new_print now old old_counted old_print \
  option overtaken own pages problem put_back queued reader reader_bounds reader_groups refused refused_before rest result rights said \
  secret seen sent sent_before sent_first settled settles shown since stat state steady step table tables taken taken_before temporary \
  terminal token told trial tried tried_print trying unseen value view waited was_owner what written APPLY CONFIG COUNTERS DESPITE_QUEUE DRY_RUN \
  EXPORTER FIND_PID FROM HEADER LOGS METRICS OWNER OWNER_WISH PAUSE PID PRECHECK PROBE_URL QUEUE SCHEME SINCE TAKEN TAKEN_BY TAKEN_HOW \
  TAKEN_LABEL TOKEN_FILE UNSEEN VALIDATE WAIT
unset ENV BASH_ENV CDPATH
LC_ALL=C
export LC_ALL
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
export PATH
}
# One command, so that a script that was cut off does nothing: the start of a name can be a program.
{
TOKEN_FILE=/etc/crossfade/torii.token
CONFIG=/etc/otelcol-contrib/config.yaml
OWNER=otelcol-contrib:otelcol-contrib
METRICS=http://127.0.0.1:8888/metrics
EXPORTER='exporter="otlp_http/torii"'
PROBE_URL=https://ai-events.toriihq.com/v1/logs
HEADER=Authorization
SCHEME=Bearer
VALIDATE=''
APPLY=''
FIND_PID='systemctl show -p MainPID --value otelcol-contrib.service'
LOGS='journalctl -q --no-pager -o cat -u otelcol-contrib.service --since "@$SINCE"'
TAKEN=log
TAKEN_BY='refresh token'
TAKEN_LABEL=torii.token
TAKEN_HOW='it logged '\''refresh token'\'''
# What loses the data that waits in our exporter's queue; empty if nothing does.
QUEUE=''
# Not empty if this release counts only what was not tried yet, so that an empty queue does not show that nothing waits.
UNSEEN=''
# The longest pause between two tries of a request, in seconds.
PAUSE=45
WAIT=120
DESPITE_QUEUE=
PID=
FROM=
DRY_RUN=
COUNTERS=
OWNER_WISH=
PRECHECK=yes
lock=
temporary=
trying=
overtaken=
written=0

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
# die CODE WHAT FIX
die() {
  printf 'error: %s\n  fix      %s\n' "$2" "$3" >&2
  exit "$1"
}

# Whatever ends a run while the new token is not proven, short of kill -9, puts the old one back.
clean_up() {
  trap '' INT QUIT TERM HUP PIPE
  if [ -n "$trying" ]; then (restore) || :; fi
  if [ -n "$temporary" ]; then rm -f "$temporary"; fi
  if has_lock; then
    sweep
    rm -f "$lock"
  fi
}
# mksh forgets the code of an exit within a trap when a trap for EXIT follows.
stopped() {
  trap - EXIT
  clean_up
  exit 130
}
trap clean_up EXIT
trap stopped INT QUIT TERM HUP PIPE

have() { command -v "$1" >/dev/null 2>&1; }

# Prints its argument without a line break, and without a program that would show it in the process list.
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no built-in printf; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi

# The first 12 hex digits of SHA-256 over a token.
fingerprint() {
  if have sha256sum; then
    put "$1" | sha256sum
  elif have shasum; then
    put "$1" | shasum -a 256
  else
    put "$1" | openssl dgst -sha256 -r
  fi | cut -c1-12
}

# check_token TOKEN LONGEST: sets problem to what is said after "the token", or to nothing.
check_token() {
  problem=
  case $1 in
    '') problem="is empty; copy it again, alone and on one line" ;;
    [Bb][Ee][Aa][Rr][Ee][Rr][[:blank:]]*) problem="starts with the word Bearer; remove that word" ;;
    *[![:graph:]]*) problem="contains white space, a control character or a non-ASCII character; copy it again, alone and on one line" ;;
  esac
  [ -z "$problem" ] || return 0
  if [ ${#1} -lt 20 ]; then
    problem="is too short (${#1} characters); copy all of it"
  elif [ ${#1} -gt "$2" ]; then
    problem="is too long (${#1} characters), or was cut; copy it again, alone and on one line"
  fi
}

# hidden QUESTION: puts a question to the terminal on standard input, and the answer into $token without showing it. A signal gives the
# terminal back and calls stopped; the caller sets its traps again.
hidden() {
  terminal=$(stty -g)
  trap 'stty "$terminal"; stopped' INT QUIT TERM HUP
  # With the variable EDITOR set to vi, ksh edits lines itself and may keep the key that ended one.
  [ -z "${KSH_VERSION-}" ] || set +o vi
  # Before the question, so that early typing is not shown either.
  stty -echo
  printf '%s (not shown): ' "$1" >&2
  IFS= read -r token || :
  # A ksh that does so all the same.
  case $token in *[![:graph:]]) token=${token%?} ;; esac
  stty "$terminal"
  printf '\n' >&2
}

# Where numbers of processes mean what they mean here, as BOOT/TABLE/HOST@LAYER: each start of a machine, and each container, has a table of its
# own. LAYER is what a container writes to, which stays the same when it is started again.
here() {
  boot=
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r boot </proc/sys/kernel/random/boot_id || :
  else
    boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null) || :
  fi
  put " ${boot:--}/$(readlink /proc/self/ns/pid 2>/dev/null || put -)/$(uname -n | tr -d ' /@')@$(layer | tr / :)"
}

# The folder of the machine in which the container's own files are; nothing outside of a container, and in a table of processes within it, which
# has a /proc of its own: there the number 1 says nothing of the container.
# https://docs.kernel.org/filesystems/overlayfs.html https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
layer() {
  [ -r /proc/self/mountinfo ] || return 0
  own=
  tables=0
  while read -r line; do
    line=${line#* * * * }
    case $line in
      '/ '*' - overlay '*upperdir=*) own=${line##*upperdir=} ;;
      '/ '*) own= ;;
      '/proc '*) tables=$((tables + 1)) ;;
    esac
  done </proc/self/mountinfo
  [ "$tables" -ne 1 ] || put "${own%%,*}"
}

# is_here "PID START PLACE": whether the number can be looked for here. One without a place is of an earlier version.
is_here() {
  [ "${1#* * }" != "$1" ] || return 0
  set -- "${1##* }" "${me##* }"
  [ "${1%/*}" = "${2%/*}" ] || return 1
  [ "${1%%/*}" != - ] || [ "$1" = "$2" ]
}

# is_held LINK "PID START PLACE": whether the process that a lock names still runs. That of another container or machine is not to be seen from
# here: it counts as running for a day, or until the machine of that name, or that container, was started again.
is_held() {
  if is_here "$2"; then
    set -- "${2%% *}" "${2#* }"
    runs "$1 ${2%% *}"
  else
    set -- "$1" "${2##* }" "${me##* }" "${2% *}"
    set -- "$@" "${2##*/}" "${3##*/}"
    if [ "${5%@*}" = "${6%@*}" ] && [ "${2%%/*}" != "${3%%/*}" ]; then return 1; fi
    # The same container since: its process 1 began after that one.
    if [ "$5" = "$6" ] && [ -n "${6##*@}" ] && [ "$(started 1)" -gt "${4#* }" ] 2>/dev/null; then return 1; fi
    [ -z "$(find "$1" -mtime +0 2>/dev/null)" ]
  fi
}

# holder_name LINK: the process that has it, and what is known of it where its number means nothing here.
holder_name() {
  put "process $(put "${holder%% *}" | tr -cd 0-9)"
  is_here "$holder" || put " on $(put "${holder##*/}" | sed 's/@.*//' | tr -cd A-Za-z0-9._-), in another container or on another machine; remove $1 if it ended"
}

# Whether the lock is still ours: after a day another may have taken it.
has_lock() { [ -n "$lock" ] && [ "$(readlink "$lock")" = "$me" ]; }

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

# runs "PID START": whether the process that a lock names still runs.
runs() {
  set -- "${1%% *}" "${1#* }" "$(started "${1%% *}" 2>/dev/null)"
  if [ -n "$3" ]; then [ "$3" = "$2" ]; else kill -0 "$1" 2>/dev/null; fi
}

# take_lock LINK SECONDS: one run at a time. The lock is a symbolic link, which is made whole or not at all, and it names its owner; one
# whose owner no longer runs is removed. Sets lock. Returns 1 if after so many seconds the process $holder still has it, 2 if it cannot be
# made. What $table says of the place, with a blank before it, goes behind the number and start of the owner, for is_held.
take_lock() {
  me="$$ $(started $$)${table-}"
  waited=0
  unseen=0
  [ ! -d "$1" ] || return 2
  until ln -s "$me" "$1" 2>/dev/null; do
    if clear_lock "$1" || [ -z "$holder" ]; then
      # It was removed at this moment, or it cannot be made.
      unseen=$((unseen + 1))
      [ "$unseen" -lt 60 ] || return 2
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      unseen=0
      sleep 1
    fi
  done
  # Left by those that were killed while they cleared.
  for left in "$1".clear*; do clear_lock "$left"; done || :
  lock=$1
}

# clear_lock LINK: removes a lock whose owner no longer runs. One process at a time, by a lock of its own, and after one more look: since the
# first the owner may have released it and another taken it. Returns 1 if the process $holder has it, or nobody.
clear_lock() {
  holder=$(readlink "$1") || holder=
  if [ -z "$holder" ] || is_held "$1" "$holder"; then return 1; fi
  if ln -s "$me" "$1.clear" 2>/dev/null; then
    [ "$(readlink "$1")" != "$holder" ] || rm -f "$1"
    rm -f "$1.clear"
  else
    clear_lock "$1.clear" || sleep 1
  fi
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    option=$1
    case $option in
      --from | --wait | --token-file | --owner | --metrics | --pid | --logs | --counters | --validate | --apply)
        [ $# -ge 2 ] || die 2 "$option needs a value" "see the top of this file"
        value=$2
        shift
        ;;
    esac
    case $option in
      --from) FROM=$value ;;
      --wait) WAIT=$value ;;
      --token-file) TOKEN_FILE=$value ;;
      --owner) OWNER_WISH=$value ;;
      --metrics) METRICS=$value ;;
      --pid) PID=$value ;;
      --logs) LOGS=$value ;;
      --counters) COUNTERS=$value ;;
      --validate) VALIDATE=$value ;;
      --apply) APPLY=$value ;;
      --dry-run) DRY_RUN=yes ;;
      --despite-queue) DESPITE_QUEUE=yes ;;
      --no-precheck) PRECHECK= ;;
      -h | --help)
        sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
      # Not quoted: it could be a token.
      *) die 2 "an argument this script does not know" "the token comes from --from FILE or standard input; see --help" ;;
    esac
    shift
  done
  case $WAIT in '' | *[!0-9]*) die 2 "--wait is not a number of seconds" "write it like 120" ;; esac
  case $PID in *[!0-9]*) die 2 "--pid is not the number of a process" "write it like 4321" ;; esac
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
  check_way
  [ -w "$directory" ] || die 12 "$directory cannot be written" "run this as root or as the folder's owner"
  base=${TOKEN_FILE##*/}
  trial=$directory/.$base.crossfade-trial
  tried=$directory/.$base.crossfade-tried
  kept=$directory/.$base.crossfade-old
}

lock_token_file() {
  result=0
  table=$(here)
  take_lock "$directory/.crossfade-rotate.lock" 0 || result=$?
  case $result in
    0) ;;
    1) die 11 "another rotation is running ($(holder_name "$directory/.crossfade-rotate.lock"))" "wait for it to end" ;;
    *) die 12 "cannot make a lock in $directory" "remove .crossfade-rotate.lock there, or free some space" ;;
  esac
}

read_token() {
  token=
  rest=
  if [ -n "$FROM" ]; then
    if ! is_small_file "$FROM"; then
      die 11 "$FROM cannot be read" "give a file that contains only the token"
    fi
    { IFS= read -r token || :; IFS= read -r rest || :; } <"$FROM"
  elif [ -t 0 ]; then
    hidden "New token"
    trap stopped INT QUIT TERM HUP
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

read_page() {
  if have curl; then
    http_proxy='' HTTP_PROXY='' curl -q -fsS --max-time 10 "$1" 2>/dev/null
  else
    http_proxy='' wget -q -T 10 -O - "$1" 2>/dev/null
  fi
}

read_metrics() { read_page "$METRICS"; }

# count sent|send_failed|refused: how much our exporter has sent, has dropped for good, or has dropped because the token was refused (or
# for a reason that this release does not tell) since the collector started. What it gave up because nobody took it does not count.
count() {
  printf '%s\n' "$metrics" | awk -v what="$1" -v label="$EXPORTER" '
    BEGIN { name = "otelcol_exporter_" (what == "refused" ? "send_failed" : what) "_" }
    index($0, name) != 1 || !index($0, label) || index($0, "error_permanent=\"false\"") { next }
    what == "refused" && index($0, "error_type=") && !/error_type="(Unauthenticated|PermissionDenied)"/ { next }
    { sub(/^.*}/, ""); sum += $1 }
    END { printf "%.0f\n", sum }
  '
}

# Makes the collector use what is in the file now.
apply_change() {
  if [ -n "$VALIDATE" ]; then
    run_shown "$VALIDATE" || return 1
  fi
  if [ -n "$APPLY" ]; then
    run_shown "$APPLY" || return 1
  fi
}

# run_shown COMMAND: runs it, then prints what it said without the tokens that are known here. Through a file: what it leaves running would
# keep a pipe open.
run_shown() {
  told=$(mktemp "$directory/.crossfade.XXXXXX") || told=/dev/null
  ended=0
  sh -c "$1" >"$told" 2>&1 || ended=$?
  while IFS= read -r said || [ -n "$said" ]; do
    for secret in "${token-}" "${old-}" "${line-}" "${put_back-}"; do
      hide_secret
    done
    put "$said
" >&2
  done <"$told"
  [ "$told" = /dev/null ] || rm -f "$told"
  return "$ended"
}

# Takes $secret out of $said.
hide_secret() {
  case $secret in ????????*) ;; *) return 0 ;; esac
  shown=
  while :; do
    case $said in
      *"$secret"*)
        shown=$shown${said%%"$secret"*}'[token]'
        said=${said#*"$secret"}
        ;;
      *) break ;;
    esac
  done
  said=$shown$said
}

# How much waits in the queue of our exporter, in requests or whatever that queue counts; nothing where the metrics do not show it.
waiting() {
  printf '%s\n' "$metrics" | awk -v label="$EXPORTER" '
    /^(otelcol_)?exporter_queue_size/ && index($0, label) { sub(/^.*}/, ""); sum += $1; found = 1 }
    END { if (found) printf "%.0f\n", sum }
  '
}

# What stands in the way of a reload or restart: our queue if it is full, and other exporters of which data waits and that did not just now
# send any. $pages is the page of metrics from before. The tokens come first, so that what is named like one of them is not shown.
in_the_way() {
  {
    put "$token"
    printf '\n'
    put "$old"
    printf '\n'
    printf '%s\n' "$pages" "-- now --" "$metrics"
  } | awk -v label="$EXPORTER" '
    # A part of an id as it can be shown: without what controls a terminal, and not if it is a token or could be one.
    function plain(part,  rest, digits) {
      rest = part
      digits = gsub(/[0-9]/, "", rest)
      if (has_token(part) || (length(part) >= 20 && digits >= 2 && rest ~ /[A-Za-z]/)) return "[" length(part) " characters]"
      gsub(/[^A-Za-z0-9_.\/-]/, "?", part)
      return part
    }
    function has_token(text) { return index(text, fresh) || (old != "" && index(text, old)) }
    function shown(id,  type, name) {
      if (!index(id, "/")) return plain(id)
      type = substr(id, 1, index(id, "/") - 1)
      name = substr(id, length(type) + 2)
      if (has_token(id) && !has_token(type) && !has_token(name)) return plain(id)
      return plain(type) "/" plain(name)
    }
    BEGIN { now = 0 }
    NR == 1 { fresh = $0; next }
    NR == 2 { old = $0; next }
    $0 == "-- now --" { now = 1; next }
    !match($0, /exporter="[^"]*"/) { next }
    {
      id = substr($0, RSTART + 10, RLENGTH - 11)
      ours = index($0, label)
      value = $0
      sub(/^.*}/, "", value)
      value += 0
    }
    index($0, "otelcol_exporter_sent_") == 1 { sent[now, id] += value }
    now && /^(otelcol_)?exporter_queue_size/ && ours && value > full { full = value }
    now && /^(otelcol_)?exporter_queue_size/ && !ours {
      if (!(id in size)) ids[++known] = id
      size[id] += value
    }
    now && /^(otelcol_)?exporter_queue_capacity/ && ours { capacity = value }
    END {
      for (n = 1; n <= known; n++) {
        id = ids[n]
        if (size[id] > 10 || (size[id] > 0 && sent[1, id] <= sent[0, id])) list = list ", " shown(id)
      }
      if (list) print "data waits for other exporters (" substr(list, 3) "): what a queue in memory has, a reload or restart tries once more and drops"
      # Where requests do not all fit, a queue is never quite full.
      else if (capacity > 0 && full >= 0.9 * capacity) print "the queue is full: until there is room, a reload or restart may not end, and take no data"
    }
  '
}

# Waits until no data waits in the queue that the change would lose. A few requests that an export which works has under way do not, but
# one of them can be a large batch that is between two tries: only what is exported for longer than such a pause shows that none is.
empty_queue() {
  queued=$(waiting)
  if [ -z "$QUEUE" ]; then
    [ "${queued:-0}" = 0 ] || say "waiting   $queued in the queue, which the change does not lose"
    return 0
  fi
  if [ -z "$queued" ]; then
    warn "the metrics do not show the queue: if data waits in it, $QUEUE"
    return 0
  fi
  sent_before=$(count sent)
  waited=0
  steady=0
  while [ "$queued" -gt 0 ] || [ -n "$UNSEEN" ]; do
    # In requests, items or bytes: a config can choose.
    what="a queue of $queued"
    [ "$queued" -gt 0 ] || what="a queue of unknown size"
    if [ -n "$DESPITE_QUEUE" ]; then
      warn "data waits in $what: $QUEUE"
      return 0
    fi
    if [ "$waited" = 1 ]; then say "waiting   for $what${UNSEEN:+; $UNSEEN}: $QUEUE"; fi
    [ "$waited" -lt "$WAIT" ] || die 11 "data still waits in $what${UNSEEN:+; $UNSEEN}: $QUEUE; nothing was changed" \
      "see that the backend accepts it and run this again, or lose it with --despite-queue"
    next_second
    queued=$(waiting)
    sent=$(count sent)
    queued=${queued:-0}
    # With an empty queue there need not be anything to send, but the backend must answer.
    if { [ "$queued" = 0 ] && [ -n "$PRECHECK" ]; } || { [ "$queued" -le 10 ] && [ "$sent" -gt "$sent_before" ]; }; then
      steady=$((steady + 1))
    else
      steady=0
    fi
    [ "$steady" -lt "$PAUSE" ] || return 0
    sent_before=$sent
  done
}

# A reload or restart ends every exporter, not only ours, and may not end itself while senders are held up by a full queue.
clear_way() {
  [ -n "$APPLY" ] || return 0
  waited=0
  pages=$metrics
  while :; do
    what=$(in_the_way)
    if [ -z "$what" ]; then return 0; fi
    if [ -n "$DESPITE_QUEUE" ]; then
      warn "$what"
      return 0
    fi
    if [ "$waited" = 2 ]; then say "waiting   $what"; fi
    [ "$waited" -lt "$WAIT" ] || die 11 "$what; nothing was changed" \
      "see that each backend accepts its data and run this again, or accept this with --despite-queue"
    pages=$metrics
    next_second
  done
}

next_second() {
  sleep 1
  waited=$((waited + 1))
  metrics=$(read_metrics) || die 6 "the collector's metrics stopped answering at $METRICS; nothing was changed" "see the collector's log"
}

# rights_of PATH: its mode as ls prints it, and the numbers of its owner and its group.
rights_of() {
  # shellcheck disable=SC2012 # numbers of owner and group, in the one way every ls prints them
  ls -nd "$1" | awk '{ print $1, $3, $4; exit }'
}

# Who can write a folder on the way to the token can swap files while they are written: only root and the caller may be able to.
check_way() {
  directory=$(cd -P "$directory" && pwd -P) || die 11 "the folder $directory cannot be entered" "run this as root or as its owner"
  caller=$(id -u)
  step=$directory
  while :; do
    rights=$(rights_of "$step/.")
    account=${rights#* }
    account=${account% *}
    if [ "$account" != 0 ] && [ "$account" != "$caller" ]; then
      die 11 "the folder $step belongs to account $account, which could swap files in it during the change" \
        "run this as that account, or have root own the folder: chown root $step"
    fi
    # In a folder like /tmp nobody else can rename what is ours; the token's own folder must not be like that.
    case $rights in
      ?????????[tT]*) [ "$step" = "$directory" ] || rights= ;;
    esac
    case $rights in
      ?????w* | ????????w*)
        die 11 "other accounts can write the folder $step, and could swap files in it during the change" "chmod go-w $step"
        ;;
    esac
    [ "$step" != / ] || break
    step=${step%/*}
    step=${step:-/}
  done
}

# What the token file is like, so that its successor is like it: owner, group, mode, access list.
look_at_file() {
  was_owner=
  keep_owner=${OWNER_WISH:-$OWNER}
  keep_mode=u=r,g=,o=
  keep_list=
  [ -e "$TOKEN_FILE" ] || return 0
  [ -f "$TOKEN_FILE" ] || die 11 "$TOKEN_FILE is not a regular file" "name the token file with --token-file"
  rights=$(rights_of "$TOKEN_FILE")
  keep_mode=$(printf '%s\n' "$rights" | awk '{
    who = "ugo"
    for (n = 1; n <= 3; n++) {
      bits = substr($1, 3 * n - 1, 3)
      gsub(/[st]/, "x", bits)
      gsub(/[^rwx]/, "", bits)
      printf "%s%s=%s", (n > 1 ? "," : ""), substr(who, n, 1), bits
    }
  }')
  was_owner=${rights#* }
  was_owner=${was_owner% *}:${was_owner#* }
  keep_owner=${OWNER_WISH:-$was_owner}
  if have getfacl && have setfacl; then
    keep_list=$(getfacl -cpn "$TOKEN_FILE" 2>/dev/null) || keep_list=
    # Three entries are what the mode says already.
    case $keep_list in *mask::*) ;; *) keep_list= ;; esac
  else
    # shellcheck disable=SC2012 # the mark behind the mode
    case $(ls -nd "$TOKEN_FILE") in
      ??????????+*) die 13 "$TOKEN_FILE has an access list, and getfacl and setfacl are not here to keep it" "install the package acl" ;;
    esac
  fi
}

# write_file PATH VALUE: puts a value into a file whole, readable by the caller alone. The token file has to hold $line still when it is
# replaced, as that is what was judged: otherwise it stays, and overtaken is set.
write_file() {
  overtaken=
  temporary=$(mktemp "$directory/.crossfade.XXXXXX") || die 12 "cannot create a file in $directory" "free some space"
  put "$2" >"$temporary" || die 12 "cannot write to $directory" "free some space"
  chmod 0400 "$temporary"
  if [ "$1" = "$TOKEN_FILE" ]; then
    judged=$line
    dress
    keep_apart
  fi
  sync "$temporary" 2>/dev/null || sync
  if [ "$1" = "$TOKEN_FILE" ]; then
    first_line "$TOKEN_FILE"
    if [ "$line" != "$judged" ]; then
      overtaken=yes
      rm -f "$temporary"
      temporary=
      return 0
    fi
  fi
  mv -f "$temporary" "$1" || die 12 "cannot replace $1" "check the folder's mode"
  temporary=
}

# Two changes of the file a few milliseconds apart can end a watch for good: then the second one is never read, nor any after it.
keep_apart() {
  if [ "$(($(date +%s) - written))" -lt 2 ]; then sleep 1; fi
  written=$(date +%s)
}

# Gives the new file the owner, group, mode, access list and label of the one from before, and has the collector's account try it.
dress() {
  if [ -n "$keep_owner" ] && { [ "$caller" = 0 ] || [ -e "$TOKEN_FILE" ]; }; then
    now=$(rights_of "$temporary")
    now=${now#* }
    [ "${now% *}:${now#* }" = "$keep_owner" ] || chown "$keep_owner" "$temporary" 2>/dev/null ||
      die 12 "cannot give the new file to $keep_owner" "run this as root, or name an account with --owner"
  fi
  chmod "$keep_mode" "$temporary"
  if [ -n "$keep_list" ]; then
    printf '%s\n' "$keep_list" | setfacl --set-file=- "$temporary" ||
      die 12 "cannot give the new file the access list of the old one" "check the file system"
  fi
  # Where there are no labels, ls prints a question mark for one.
  case $(ls -Zd "$TOKEN_FILE" 2>/dev/null) in
    '' | '?'*) ;;
    *) chcon --reference="$TOKEN_FILE" "$temporary" 2>/dev/null || warn "the SELinux label of $TOKEN_FILE could not be kept" ;;
  esac
  if ! reads "$temporary"; then
    die 11 "the collector's account ($reader) could not read the new file; nothing was changed" \
      "let that account read $TOKEN_FILE, or name the collector's process with --pid"
  fi
}

# Removes what a run that was killed left behind. The folder is ours alone, so the names are, too.
sweep() {
  for left in "$directory"/.crossfade.??????; do
    if [ -f "$left" ] && [ ! -L "$left" ]; then rm -f "$left"; fi
  done
}

# Whether a regular file can be read and is no larger than a file with a token can be.
is_small_file() {
  # shellcheck disable=SC2012 # the size without reading what may be endless
  [ -f "$1" ] && [ -r "$1" ] && [ "$(ls -nd "$1" | awk '{ print $5; exit }')" -le 65536 ]
}

# first_line FILE: sets line to what a token file holds; to nothing where it cannot be read.
first_line() {
  line=
  if is_small_file "$1"; then IFS= read -r line <"$1" || :; fi
}

# Whoever changed the file since a new token was tried in it meant that: it stays. $line is what it holds, $1 the fingerprint that was tried;
# where that is not known, it may have been changed.
is_foreign() { [ -n "$line" ] && [ "$(fingerprint "$line")" != "$1" ]; }

# What a file holds that is not empty, and that is no token, is not ours to lose. $line is what was read from it.
keep_unread() {
  [ -n "$line" ] || [ ! -s "$1" ] || die 11 "no token can be read from $1, which is not empty; what is in it would be lost" \
    "run this as an account that may read it, or move the file away"
}

# A run that was killed while it tried a new token left the old one beside it: back it goes.
recover() {
  if [ ! -f "$trial" ] || [ -L "$trial" ]; then
    rm -f "$tried"
    return 0
  fi
  first_line "$trial"
  keep_unread "$trial"
  put_back=$line
  first_line "$tried"
  tried_print=$line
  first_line "$TOKEN_FILE"
  keep_unread "$TOKEN_FILE"
  if [ -z "$put_back" ] || [ "$put_back" = "$line" ]; then
    forget_trial
  elif is_foreign "$tried_print"; then
    keep_old
    came="which came after a run that was interrupted"
    [ -n "$tried_print" ] || came="and nothing shows whether a run that was interrupted put it there"
    warn "fp=$(fingerprint "$line") is in place, $came, and stays; the token from before that run is kept in $kept"
  else
    write_file "$TOKEN_FILE" "$put_back"
    if [ -n "$overtaken" ]; then
      recover
      return 0
    fi
    apply_change || warn "the collector could not be told; see its log"
    say "restored  fp=$(fingerprint "$put_back") is in place again: a run was interrupted before it proved the new token"
    forget_trial
  fi
  put_back=''
  line=''
}

forget_trial() {
  rm -f "$trial" "$tried"
  trying=
}

# The run ends without a proof: the new token stays, and the old one is kept, or the one before it that was proven.
keep_old() {
  if [ -f "$kept" ]; then rm -f "$trial"; else mv -f "$trial" "$kept"; fi
  forget_trial
}

# Who the collector is: its process, and the accounts it reads files as. Nothing is set where that cannot be known.
find_collector() {
  reader='' reader_groups=--clear-groups reader_bounds=
  if [ -n "$PID" ]; then FIND_PID=; else PID=$(sh -c "$FIND_PID" 2>/dev/null) || PID=; fi
  check_pid
  if [ -z "$PID" ]; then
    # The account it will have when it is started, where this machine knows it.
    case $OWNER in
      *[!0-9:]*) reader=$(id -u "${OWNER%:*}" 2>/dev/null && id -g "${OWNER%:*}" 2>/dev/null) || reader= ;;
      *) reader=$OWNER ;;
    esac
    reader=$(printf %s "$reader" | tr '\n' :)
    return 0
  fi
  reader=$(awk '/^Uid:/ { user = $5 } /^Gid:/ { group = $5 } END { print user ":" group }' "/proc/$PID/status")
  groups=$(awk '/^Groups:/ { for (n = 2; n <= NF; n++) printf "%s%s", (n > 2 ? "," : ""), $n }' "/proc/$PID/status")
  [ -z "$groups" ] || reader_groups=--groups=$groups
  # A collector of root's without the capability to read every file reads no more than others.
  case $(awk '/^CapEff:/ { print $2 }' "/proc/$PID/status") in
    *[0189]) reader_bounds=--bounding-set=-dac_override,-dac_read_search ;;
  esac
  if awk -v path="$TOKEN_FILE" -v real="$directory/$base" \
    '$5 == path || $5 == real { found = 1 } END { exit !found }' "/proc/$PID/mountinfo" 2>/dev/null; then
    die 11 "the collector has $TOKEN_FILE mounted as a single file, which stays the old one when it is replaced" \
      "mount its folder instead and start the collector again"
  fi
  if ! names_token; then
    warn "the collector's config does not name $base, so it is unknown whether it reads that file"
    PID=
  fi
}

# names_token: no only where each of the collector's configs, as its command line or else the package names them, can be read in whole and
# does not name the token file.
names_token() {
  configs=$(tr '\000' '\n' <"/proc/$PID/cmdline" | awk '
    follows { print; follows = 0; next }
    /^--?config$/ { follows = 1; next }
    sub(/^--?config=/, "") || /\.alloy$/ { print }') || configs=
  while IFS= read -r config; do
    config=${config#file:}
    case $config in /*) ;; *) return 0 ;; esac
    if [ ! -f "/proc/$PID/root$config" ] || [ ! -r "/proc/$PID/root$config" ]; then return 0; fi
    if tr -d '\000' <"/proc/$PID/root$config" | grep -qF -e "$base" -e '${' -e 'import.'; then return 0; fi
  done <<EOF
${configs:-$CONFIG}
EOF
  return 1
}

# Forgets the number of a process that is not there.
check_pid() {
  case $PID in '' | 0 | *[!0-9]*) PID= ;; esac
  [ -z "$PID" ] || [ -r "/proc/$PID/status" ] || PID=
}

# as_reader PROGRAM ARGUMENT...: runs it in the token's folder with the rights of the collector's account.
as_reader() {
  (
    cd "$directory"
    setpriv --reuid="${reader%:*}" --regid="${reader#*:}" "$reader_groups" ${reader_bounds:+"$reader_bounds"} --inh-caps=-all "$@"
  ) >/dev/null 2>&1
}

# reads FILE: no only where the collector's account could be tried and could not read it.
reads() {
  [ -n "$reader" ] && [ "$caller" = 0 ] && have setpriv && as_reader true || return 0
  as_reader head -c 1 "./${1##*/}"
}

# What the collector finds at its own path, in its own container: yes (the new token), no (another), unknown.
sees() {
  found=unknown
  # A restart has given it another number.
  if [ -n "$PID" ] && [ -n "$FIND_PID" ] && [ ! -d "/proc/$PID" ]; then
    PID=$(sh -c "$FIND_PID" 2>/dev/null) || PID=
    check_pid
  fi
  for view in "$TOKEN_FILE" "$directory/$base"; do
    if [ -z "$PID" ] || [ ! -r "/proc/$PID/root$view" ]; then continue; fi
    first_line "/proc/$PID/root$view"
    if [ "$line" = "$token" ]; then found=yes; else found=no; fi
    break
  done
  echo $found
}

# A number that rises when the collector has read its token anew: lines of its log, or a time in its metrics. Empty where there is none.
uptake() {
  case $TAKEN in
    metric)
      printf '%s\n' "$metrics" | awk -v name="$TAKEN_BY" -v label="$TAKEN_LABEL" '
        index($0, name) == 1 && index($0, label) { sub(/^.*}/, ""); if ($1 > last) last = $1 }
        END { if (last) printf "%.0f\n", last }
      '
      ;;
    log)
      [ -n "$LOGS" ] || return 0
      SINCE=$since sh -c "$LOGS" 2>/dev/null | awk -v text="$TAKEN_BY" -v label="$TAKEN_LABEL" '
        index($0, text) && (label == "" || index($0, label)) { lines++ }
        END { print lines + 0 }
      '
      ;;
  esac
}

# by_print FINGERPRINT: what a page that counts by fingerprint has counted of a token: in counters of what came through, and where it is
# the fingerprint, not a sender's name. A value may be followed by a time.
# https://prometheus.io/docs/instrumenting/exposition_formats/
by_print() {
  printf '%s\n' "$counted" | awk -v id="$1" '
    /^crossfade_(tap_requests|tap_records|gateway_)/ { found = index($0, "fingerprint=\"" id "\"") }
    /^(otelcol_)?(receiver_accepted_|processor_incoming_items)/ { found = $0 ~ "crossfade[-_]fp[-_]" id "\"" }
    found { sub(/^.*}/, ""); sum += $1; found = 0 }
    END { printf "%.0f\n", sum }
  '
}

# Remembers where things stand before the token is replaced.
before_change() {
  counted=
  if [ -n "$COUNTERS" ]; then
    counted=$(read_page "$COUNTERS") || die 6 "no answer from $COUNTERS" "start what counts there, or leave --counters out"
  fi
  new_counted=$(by_print "$new_print")
  taken_before=$(uptake)
}

# Whether something was seen that only the new token brings about: yes; no; other where the collector's file is another one; never where
# there is nothing of the kind to see.
in_use() {
  if [ -n "$COUNTERS" ]; then
    if [ "$(by_print "$new_print")" -gt "$new_counted" ]; then echo yes; else echo no; fi
    return 0
  fi
  seen=$(sees)
  taken=$(uptake)
  if [ "$seen" = no ]; then
    echo other
  elif [ "$seen" = unknown ] || [ -z "$taken" ]; then
    echo never
  elif [ "$taken" -le "${taken_before:-0}" ]; then
    echo no
  elif [ "$TAKEN" = metric ] && [ "$taken" -le "$changed" ]; then
    # Times are in seconds: this reading may have come just before the change.
    echo no
  else
    echo yes
  fi
}

# Waits until exports succeed after something was seen that only the new token brings about: while both tokens are accepted, a counter of
# exports proves nothing by itself. Returns 0 proven; 3 exports fail; 6 no metrics; 9 nothing exported; 11 the collector sees another
# file; 14 exported, and nothing tells with which token.
confirm() {
  failed_before=$failed
  sent_before='' sent_first='' settled='' settles='' state=no waited=0
  while [ "$waited" -lt "$WAIT" ]; do
    if metrics=$(read_metrics); then
      if [ -n "$COUNTERS" ]; then counted=$(read_page "$COUNTERS") || counted=; fi
      sent=$(count sent)
      failed=$(count send_failed)
      # A restart starts the counters again.
      if [ "$failed" -lt "$failed_before" ]; then failed_before=0; fi
      if [ "$failed" -gt "$failed_before" ]; then return 3; fi
      if [ -z "$sent_first" ] || [ "$sent" -lt "$sent_first" ]; then sent_first=$sent; fi
      if [ -z "$settled" ]; then
        state=$(in_use)
        case $state in
          other) return 11 ;;
          yes | never)
            # What is under way may still have the old token with it.
            settles=${settles:-$((waited + 3))}
            [ "$waited" -lt "$settles" ] || settled=yes
            sent_before=$sent
            old_counted=$(by_print "$old_print")
            ;;
        esac
      elif [ "$sent" -lt "$sent_before" ]; then
        sent_before=$sent
      elif [ "$sent" -gt "$sent_before" ]; then
        [ "$state" = yes ] || return 14
        [ -n "$COUNTERS" ] || return 0
        if [ -n "$counted" ] && [ "$(by_print "$old_print")" -le "$old_counted" ]; then return 0; fi
        # Somebody still sends the old token there.
        settled='' settles='' state=no
      fi
    fi
    sleep 1
    waited=$((waited + 1))
  done
  [ -n "$sent_first" ] || return 6
  [ "$sent" -gt "$sent_first" ] || return 9
  return 14
}

# Puts the old token back, and forgets the trial only when it is there.
restore() {
  first_line "$TOKEN_FILE"
  if [ "$line" = "$old" ]; then
    forget_trial
    return 0
  fi
  if is_foreign "$new_print"; then
    keep_old
    die 11 "$TOKEN_FILE was changed by another program meanwhile: fp=$(fingerprint "$line") stays in place, the old token is kept in $kept" \
      "see what changes it, and run this again"
  fi
  # As it was, whatever the new one was meant to be like.
  keep_owner=$was_owner
  reader=
  write_file "$TOKEN_FILE" "$old"
  if [ -n "$overtaken" ]; then
    restore
    return 0
  fi
  forget_trial
  taken_before=$(uptake)
  apply_change || warn "the collector could not be told; see its log"
  say "restored  fp=$old_print is in place again"
}

# After a restore: whether the collector has read the old token again. One that has lost sight of its file goes on with the new one.
see_restored() {
  waited=0
  while [ "$waited" -lt 3 ]; do
    metrics=$(read_metrics) || metrics=
    taken=$(uptake)
    if [ -n "$taken" ] && [ "$taken" -gt "${taken_before:-0}" ]; then return 0; fi
    sleep 1
    waited=$((waited + 1))
  done
  warn "nothing shows that the collector has read fp=$old_print again: restart it"
}

# Ends a run in which another program was faster.
not_overtaken() {
  [ -z "$overtaken" ] || die 11 "$TOKEN_FILE was changed by another program meanwhile; nothing was changed" \
    "see what changes it, and run this again"
}

main() {
  parse_arguments "$@"
  check_machine
  since=$(date +%s)
  find_collector
  look_at_file
  if [ -z "$DRY_RUN" ]; then
    # Before anything is read: what another run is about to change is not what is there.
    lock_token_file
    sweep
    recover
    look_at_file
  fi
  read_token
  new_print=$(fingerprint "$token")
  first_line "$TOKEN_FILE"
  old=$line
  found_token=$line
  keep_unread "$TOKEN_FILE"
  if [ "$token" = "$old" ]; then
    first_line "$kept"
    if [ -z "$line" ]; then
      say "unchanged fp=$new_print is in place already"
      exit 0
    fi
    old=$line
  fi
  precheck
  if [ -z "$old" ]; then
    [ -z "$DRY_RUN" ] || { say "would put fp=$new_print into $TOKEN_FILE"; exit 0; }
    line=
    write_file "$TOKEN_FILE" "$token"
    not_overtaken
    say "in place  fp=$new_print is in $TOKEN_FILE; start the collector"
    exit 0
  fi
  old_print=$(fingerprint "$old")
  metrics=$(read_metrics) || die 6 "the collector's metrics do not answer at $METRICS" "start it, or give their URL with --metrics"
  if [ -z "$DRY_RUN" ]; then
    empty_queue
    clear_way
  fi
  failed=$(count send_failed)
  refused_before=$(count refused)
  before_change
  if [ -n "$DRY_RUN" ]; then
    say "would replace fp=$old_print by fp=$new_print in $TOKEN_FILE"
    exit 0
  fi
  first_line "$TOKEN_FILE"
  [ "$line" = "$found_token" ] || overtaken=yes
  not_overtaken
  write_file "$tried" "$new_print"
  write_file "$trial" "$old"
  trying=yes
  write_file "$TOKEN_FILE" "$token"
  if [ -n "$overtaken" ]; then forget_trial; fi
  not_overtaken
  changed=$(date +%s)
  say "in place  fp=$new_print instead of fp=$old_print"
  if ! apply_change; then
    restore
    die 11 "the collector did not accept the reload or restart" "fix the error above and run this again"
  fi
  result=0
  confirm || result=$?
  refused=$(count refused)
  # A restart starts the counters again.
  if [ "$refused" -lt "$refused_before" ]; then refused_before=0; fi
  case $result in
    0)
      forget_trial
      rm -f "$kept"
      say "proven    exports succeed with fp=$new_print"
      ;;
    3)
      restore
      see_restored
      [ "$refused" -gt "$refused_before" ] || die 11 "exports fail for good since the change, none of them because a token was refused" \
        "see the collector's log for what the backend does not take, and run this again"
      die 3 "exports fail with the new token" "see the collector's log, and check that the token was copied completely"
      ;;
    6)
      keep_old
      die 6 "the metrics stopped answering; fp=$new_print is in place, the old token is kept in $kept" "see the collector's log"
      ;;
    9)
      keep_old
      die 9 "nothing was exported in $WAIT s, so nothing is proven; fp=$new_print is in place, the old token is kept in $kept" \
        "see that the backend takes what the collector sends, or send something; then run this again with the same token"
      ;;
    11)
      restore
      see_restored
      die 11 "the collector's process $PID sees a different token at $TOKEN_FILE" \
        "if it runs in a container, mount the token's folder, not the file; see --pid and --token-file"
      ;;
    14)
      keep_old
      die 14 "replaced, not proven: exports continue, but it is unknown with which token; fp=$new_print is in place, the old one is kept in $kept" \
        "check that $TAKEN_HOW after the change, and at the provider which token it receives data with; or run this again with the same token, as root on the collector's host or with --counters"
      ;;
  esac
}

main "$@"
}
