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
