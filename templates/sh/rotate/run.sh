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
