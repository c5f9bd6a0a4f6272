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
