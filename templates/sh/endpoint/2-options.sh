# ---- Options and token ----

# wants WISH: whether it is among the wishes, which the options change.
wants() {
  case " $WISHES " in *" $1 "*) return 0 ;; esac
  return 1
}
wish() {
  other=no-${1#no-}
  if [ "$1" = "$other" ]; then other=${1#no-}; fi
  WISHES=" $WISHES "
  WISHES="${WISHES%% "$other" *} ${WISHES#* "$other" }"
  wants "$1" || WISHES="$WISHES $1"
}

read_options() {
  set -f
  for word in $OPTIONS; do
    word=${word#--}
    case $word in
      install | report | uninstall | self-test | help) ACTION=$word ;;
      h | -h) ACTION=help ;;
      dry-run) DRY_RUN=yes ;;
      scope=system | scope=user) SCOPE=${word#*=} ;;
      users=all | users=self) USERS=${word#*=} ;;
      clis=*) CLIS=$(put "${word#*=}" | tr ',' ' ') ;;
      endpoint=*) ENDPOINT=${word#*=} ;;
      expect=*) EXPECT=${word#*=} ;;
      host | no-host | helper | no-helper | prompts | no-prompts | responses | no-responses | tools | no-tools | restart | no-restart)
        wish "$word"
        ;;
      # Not quoted: it could be a token.
      *) complaint="an option this script does not know; see the top of it, or run it with --help" ;;
    esac
  done
  set +f
}

check_options() {
  for cli in $CLIS; do
    case " $KNOWN_CLIS " in
      *" $cli "*) states="$states $cli=absent" ;;
      *) complaint="clis= names something that is none of: $KNOWN_CLIS" ;;
    esac
  done
  states="$states "
  [ -z "$complaint" ] || fail 2 "$complaint"
  [ -n "$CLIS" ] || fail 2 "clis= names nothing; leave it out for all of: $KNOWN_CLIS"
  case $EXPECT in
    *[!0-9a-f]*) fail 2 "expect= is not a fingerprint of 12 hex digits" ;;
    '' | ????????????) ;;
    *) fail 2 "expect= is not a fingerprint of 12 hex digits" ;;
  esac
  place=${ENDPOINT#*://}
  while [ "${place%/}" != "$place" ]; do place=${place%/}; done
  case $ENDPOINT in
    '') fail 2 "no endpoint is given" ;;
    https://*) ENDPOINT=https://$place ;;
    http://*) ENDPOINT=http://$place ;;
    *) fail 2 "the endpoint does not begin with https://" ;;
  esac
  case $place in
    '' | /* | :*) fail 2 "the endpoint names no host" ;;
    *@*) fail 2 "the endpoint holds a user name; the token is handed over by itself" ;;
    *[!]A-Za-z0-9._~:/%[-]*) fail 2 "the endpoint holds a character that belongs into no base URL" ;;
    */v1/logs | */v1/metrics | */v1/traces) fail 2 "the endpoint is that of one signal; leave the end from /v1 on away" ;;
  esac
  case $ENDPOINT in
    http://*) is_loopback "${place%%/*}" || fail 2 "the endpoint is http to another machine: the token would cross the network in clear text" ;;
  esac
}

# is_loopback HOST-AND-PORT
is_loopback() {
  case $1 in
    localhost | localhost:* | '[::1]' | '[::1]:'*) return 0 ;;
    127.*[!0-9.:]*) return 1 ;;
    127.*) return 0 ;;
  esac
  return 1
}

# Whether this script is a file; piped into a shell, $0 is the shell.
is_file() {
  case ${0##*/} in sh | -sh | ash | bash | -bash | busybox | dash | ksh | mksh | zsh | -zsh) return 1 ;; esac
  [ -f "$0" ]
}

# Three ways for a token to come in. A line break at its end is none of it.
read_line() { IFS= read -r token || :; }
read_line_of() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then fail 11 "the token file cannot be read"; fi
  read_line <"$1"
}
ask() {
  if ! (: </dev/tty) 2>/dev/null; then
    fail 11 "there is no token, and no terminal to ask for one; see the top of this script"
  fi
  terminal=$(stty -g </dev/tty)
  trap 'stty "$terminal" </dev/tty; stopped' INT TERM HUP
  # Before the question: who types at once is not shown either.
  stty -echo </dev/tty
  printf 'Token (not shown): ' >/dev/tty
  read_line </dev/tty
  # ksh leaves the key that ended the line, if the variable EDITOR says vi.
  case $token in *[![:graph:]]) token=${token%?} ;; esac
  stty "$terminal" </dev/tty
  trap stopped INT TERM HUP
  printf '\n' >/dev/tty
}

check_token() {
  again="copy the token again, alone and on one line"
  case $token in
    '') fail 11 "there is no token; fill it in, see the top of this script" ;;
    @*@ | *'{{'* | *'${'* | '<'*'>' | '$'*) fail 11 "the token is still a placeholder; put the real one there" ;;
    [Bb][Ee][Aa][Rr][Ee][Rr][[:blank:]]*) fail 11 "the token starts with the word Bearer; leave it out" ;;
    *[![:graph:]]*) fail 11 "the token holds a blank, a control character or one outside ASCII; $again" ;;
    *[!A-Za-z0-9._~-]*) fail 11 "the token holds a character that one of the CLIs would change; ask for one of letters, digits, . _ ~ and -" ;;
  esac
  [ ${#token} -ge 20 ] || fail 11 "the token is too short (${#token} characters); $again"
  [ ${#token} -le "$LONGEST_TOKEN" ] || fail 11 "the token is too long (${#token} characters), or was cut; $again"
}
