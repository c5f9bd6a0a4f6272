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
  terminal=$(stty -g </dev/tty)
  trap 'stty "$terminal" </dev/tty; stopped' INT QUIT TERM HUP
  # With the variable EDITOR set to vi, ksh edits lines itself and may keep the key that ended one.
  [ -z "${KSH_VERSION-}" ] || set +o vi
  # Before the question, so that early typing is not shown either.
  stty -echo </dev/tty
  printf 'Token (not shown): ' >/dev/tty
  read_line </dev/tty
  # A ksh that does so all the same.
  case $token in *[![:graph:]]) token=${token%?} ;; esac
  stty "$terminal" </dev/tty
  trap stopped INT QUIT TERM HUP
  printf '\n' >/dev/tty
}
