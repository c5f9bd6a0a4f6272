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
