# wants FEATURE: whether it is on. FEATURES holds those that are, and for each that is off its name with no- in front.
wants() {
  case " $FEATURES " in *" $1 "*) return 0 ;; esac
  return 1
}

# toggle WORD: turns a feature on, or with no- in front off.
toggle() {
  other=no-${1#no-}
  if [ "$1" = "$other" ]; then other=${1#no-}; fi
  FEATURES=" $FEATURES "
  FEATURES="${FEATURES%% "$other" *} ${FEATURES#* "$other" }"
  wants "$1" || FEATURES="$FEATURES $1"
}

# choose ACTION: only what this file has the parts for.
choose() {
  case " $ACTIONS " in
    *" $1 "*) ACTION=$1 ;;
    *) complaint="this file cannot $1, only: $ACTIONS" ;;
  esac
}

read_options() {
  set -f
  for word in $OPTIONS; do
    word=${word#--}
    case $word in
      install | report | uninstall | self-test) choose "$word" ;;
      h | -h | help) wants_help=yes ;;
      dry-run) DRY_RUN=yes ;;
      records) [ "$SAYS" = no ] || SAYS=records ;;
      scope=system | scope=user) SCOPE=${word#*=} ;;
      users=all | users=self) USERS=${word#*=} ;;
      clis=*) CLIS=$(put "${word#*=}" | tr ',' ' ') ;;
      endpoint=*) ENDPOINT=${word#*=} ;;
      expect=*) EXPECT=${word#*=} ;;
      host | no-host | helper | no-helper | prompts | no-prompts | responses | no-responses | tools | no-tools | restart | no-restart)
        toggle "$word"
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
}
