# is_open LAYER: whether the file that was fetched is one account's, holds the token, and others can read it.
is_open() {
  [ "$1" = user ] && [ "$fetched" = ok ] && [ -z "$secret" ] || return 1
  case $rights in ????------) return 1 ;; esac
}
