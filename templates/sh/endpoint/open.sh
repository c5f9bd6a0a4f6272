# is_open LAYER: whether others than its owner can read the file that was fetched, although it is one account's and holds the token.
is_open() {
  [ "$1" = user ] && [ "$fetched" = ok ] && [ -z "$secret" ] || return 1
  case $rights in ????------) return 1 ;; esac
}
