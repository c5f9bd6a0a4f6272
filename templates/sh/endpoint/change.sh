# change_file CLI LAYER FILE: edits it to hold what the plan says.
change_file() {
  given=$token
  # A dry run without a token: what else would change shows with the token that is in use.
  if [ -z "$given" ]; then
    token_in_use "$1" "$3"
    [ -z "$live" ] || seen_token "$(fingerprint "$live")"
    token=${live:-no-token-is-given-here}
  fi
  result=0
  plan "$1" "$2" | edit set || result=$?
  token=$given
  case $result in
    0) ;;
    1)
      if ! is_open "$2"; then
        set_state "$1" ok
        return 0
      fi
      cp old new
      cp before undo
      ;;
    *)
      parse_error "$1" "$3"
      return 0
      ;;
  esac
  # A larger file would not be opened again, so this could not be undone.
  if [ "$(($(wc -c <new)))" -gt "$LARGEST" ]; then
    trouble "$1" "$3" "would be larger than $LARGEST bytes"
    return 0
  fi
  if [ -n "$DRY_RUN" ]; then
    say would-change "$1" "$(plain "$3")" "would change  $(plain "$3")"
    set_state "$1" drift
    return 0
  fi
  mv new wanted
  if is_open "$2"; then
    : "${had:=$(put "$rights" | sed 's/^.\(...\)\(...\)\(...\)$/u=\1,g=\2,o=\3/; s/[^ugorwx=,]//g')}"
    say note "$1" "$(plain "$3")" "only you can read $(plain "$3") from now on, because it holds the token (before: $had)"
  elif [ "$2" = user ] && [ "$fetched" = ok ] && [ -n "$secret" ]; then
    mode=0644
  fi
  result=0
  {
    { echo "crossfade-undo-1 $ours $made $had" && cat undo; } >record &&
      back_up "$3" &&
      replace "$3.crossfade-undo" 0600 any record &&
      replace "$3" "$mode" "$(old_sum)" wanted
  } || result=$?
  case $result in
    0)
      say changed "$1" "$(plain "$3")" "changed       $(plain "$3")"
      changed="$changed $1"
      set_state "$1" ok
      ;;
    4) try_again "$1" "$2" "$3" ;;
    *) trouble "$1" "$3" "cannot be written; file unchanged" 12 ;;
  esac
}

# Somebody changed the file meanwhile: once more, from the start.
try_again() {
  if [ -n "$second" ]; then
    trouble "$1" "$3" "was changed by another program while this script ran; run it again" 11
  else
    second=yes
    handle_file "$1" "$2" "$3" yes
    second=
  fi
}

# The backup is of what is not ours: the file before our first edit, and later the file without our settings, so it holds no token.
back_up() {
  if [ "$ours" = yes ] || [ ! -s old ]; then return 0; fi
  if [ -s before ]; then edit undo <before || [ $? -eq 1 ] || return 0; fi
  if [ -s before ] && [ -s new ]; then mv new foreign; else cp old foreign; fi
  run_as "$uid" "$name" "$BACKUP" "$1" "$BACKUPS" <foreign
}
