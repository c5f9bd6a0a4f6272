# hidden QUESTION: puts a question to the terminal on standard input, and the answer into $token without showing it. A signal gives the
# terminal back and calls stopped; the caller sets its traps again.
hidden() {
  terminal=$(stty -g)
  trap 'stty "$terminal"; stopped' INT QUIT TERM HUP
  # With the variable EDITOR set to vi, ksh edits lines itself and may keep the key that ended one.
  [ -z "${KSH_VERSION-}" ] || set +o vi
  # Before the question, so that early typing is not shown either.
  stty -echo
  printf '%s (not shown): ' "$1" >&2
  IFS= read -r token || :
  # A ksh that does so all the same.
  case $token in *[![:graph:]]) token=${token%?} ;; esac
  stty "$terminal"
  printf '\n' >&2
}
