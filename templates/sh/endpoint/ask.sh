# Whether this script is a file; when it is piped into a shell, $0 is the shell.
is_file() {
  case ${0##*/} in sh | -sh | ash | bash | -bash | busybox | dash | ksh | mksh | zsh | -zsh) return 1 ;; esac
  [ -f "$0" ]
}

read_line_of() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then fail 11 "the token file cannot be read"; fi
  read_line <"$1"
}

# Asks on the terminal. A dry run needs no token.
ask() {
  [ -z "$DRY_RUN" ] || return 0
  if ! (: </dev/tty) 2>/dev/null; then
    fail 11 "no token, and no terminal to ask for one: $TOKEN_HINT"
  fi
  hidden Token </dev/tty 2>/dev/tty
  trap stopped INT QUIT TERM HUP
}
