# compare_file CLI LAYER FILE: with what it should hold for the token that is in it.
compare_file() {
  token_in_use "$1" "$3"
  if [ "$result" -gt 1 ]; then
    parse_error "$1" "$3"
    return 0
  fi
  print=
  if [ -n "$live" ]; then
    print=$(fingerprint "$live")
    seen_token "$print"
  fi
  token=$live
  result=0
  plan "$1" "$2" | edit same || result=$?
  token=
  if [ "$result" -gt 1 ]; then
    parse_error "$1" "$3"
  elif [ "$result" -eq 1 ] && [ -n "$live" ] && ! is_open "$2" && [ "${EXPECT:-$print}" = "$print" ]; then
    set_state "$1" ok
  else
    set_state "$1" drift
  fi
}
