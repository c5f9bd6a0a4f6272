# live_token CLI: sets live to the token in the file old, or to nothing; result is what the editor returns.
live_token() {
  live='' result=0
  token_pointers "$1" | edit get || result=$?
  if [ "$result" -eq 0 ]; then live=$(sed -n "s/^[^$tab]*${tab}string$tab//p" new | sed -n '1s|^.*[ =/]||p'); fi
}

# token_in_use CLI FILE: the same, or the token in the file that the header program reads.
token_in_use() {
  live_token "$1"
  if [ "$result" -le 1 ] && [ -n "$secret" ]; then
    fetch "$secret"
    live=$(cat old)
    fetch "$2"
  fi
}
