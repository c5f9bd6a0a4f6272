# Before anything is asked for or changed: where the data goes, which files are set, and what is sent.
announce() {
  [ "$ACTION" = install ] || return 0
  if [ -n "$DRY_RUN" ]; then
    say intro '' '' "Dry run: nothing is changed. Telemetry to $(plain "$ENDPOINT") would be set for:"
  else
    say intro '' '' "Telemetry to $(plain "$ENDPOINT") will be set for:"
  fi
  for cli in $CLIS; do
    about "$cli"
    for_all=
    is_set=
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      if [ "$in_system" = yes ]; then
        is_set=yes
        system_file "$cli"
        [ -n "$for_all" ] || say plan "$cli" "$(plain "$file")" "  $title $(plain "$release"): $(plain "$file"), for everybody on this machine"
        for_all=yes
      fi
      if [ "$in_user" = yes ]; then
        is_set=yes
        user_file "$cli"
        say plan "$cli" "$(plain "$folder/$file")" "  $title $(plain "$release"): $(plain "$folder/$file")"
      elif [ -z "$release" ]; then
        say plan "$cli" '' "  $title: not found, skipped"
      elif [ "$in_system" = no ]; then
        say plan "$cli" '' "  $title $(plain "$release"): too old, skipped"
      fi
    done 3<people
    [ -z "$is_set" ] || sends "$cli" | while IFS= read -r fact; do say plan "$cli" '' "    sends $fact"; done
  done
  content=
  for feature in prompts responses tools; do
    if wants "$feature"; then content="$content $feature"; fi
  done
  if [ -n "$content" ]; then say plan '' '' "Also sent, because you ask for it:$content."; else say plan '' '' "Not sent, but for what is listed above: prompts, responses, tool inputs."; fi
  if wants host; then say plan '' '' "With all of it goes the name and id of this machine: $(plain "$machine_name"). To leave it out: --no-host."; fi
  say plan '' '' "Each file is backed up before its first change; --uninstall removes these settings again."
}

# At the end: what came of it, when it takes effect, and how to check.
conclude() {
  if [ "$ACTION" = report ] || [ -n "$DRY_RUN" ]; then return 0; fi
  if [ -z "$changed" ] && [ "$worst" -eq 0 ] && [ -z "$refused" ]; then
    if [ "$ACTION" = install ] && ! some_cli ok && ! some_cli stale; then
      say note '' '' "No CLI found that can be set."
    else
      say note '' '' "Already up to date."
    fi
  fi
  [ "$ACTION" = install ] || return 0
  for cli in $CLIS; do
    about "$cli"
    case $states in
      *" $cli=ok "*) say note "$cli" '' "$title uses the token $when." ;;
      *" $cli=stale "*) say note "$cli" '' "$title: a background process still has the old token; --restart restarts it." ;;
    esac
  done
  say note '' '' "To check: crossfade doctor, or this script with --report."
}
