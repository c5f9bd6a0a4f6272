# restore_file CLI FILE: removes our settings and gives back what was there before them.
restore_file() {
  [ "$records" -gt 0 ] || return 0
  result=0
  edit undo <before || result=$?
  case $result in
    0) ;;
    1) cp old new ;;
    *)
      parse_error "$1" "$2"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say would-restore "$1" "$(plain "$2")" "would restore $(plain "$2")"
    return 0
  fi
  if [ -s reason ]; then say note "$1" "$(plain "$2")" "in $(plain "$2"): $(plain "$(tr '\n' ' ' <reason)")"; fi
  result=0
  if [ "$ours" = yes ] && ! grep -q '[^][:space:]{}[]' new; then
    run_as "$uid" "$name" "$REMOVE" "$2" "$(old_sum)" "$made" "$SUM" </dev/null || result=$?
  else
    { { cmp -s old new && [ -z "$had" ]; } || replace "$2" "${had:-0644}" "$(old_sum)" new; } &&
      run_as "$uid" "$name" "$REMOVE" "$2" keep 0 "$SUM" </dev/null || result=$?
  fi
  case $result in
    0)
      say restored "$1" "$(plain "$2")" "restored      $(plain "$2")"
      changed="$changed $1"
      ;;
    *) trouble "$1" "$2" "cannot be written; file unchanged" 12 ;;
  esac
}
