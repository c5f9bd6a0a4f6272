# Takes the token and checks it. A dry run does without, unless one is given.
get_token() {
  take_token
  case $token in
    '')
      [ -z "$DRY_RUN" ] || return 0
      fail 11 "no token: $TOKEN_HINT"
      ;;
    @*@ | *'{{'* | *'${'* | '<'*'>' | '$'*) fail 11 "the token is still a placeholder; put the real one there" ;;
  esac
  check_token "$token" "$LONGEST_TOKEN"
  [ -z "$problem" ] || fail 11 "the token $problem"
  case $token in
    *[!A-Za-z0-9._~-]*) fail 11 "the token contains a character that a CLI would change; it may have letters, digits, . _ ~ and -" ;;
  esac
  seen_token "$(fingerprint "$token")"
}
