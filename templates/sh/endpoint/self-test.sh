# Tries the editor of this machine on made-up files: what it sets is there, a second time it changes nothing, and the undo gives back
# every byte.
self_test() {
  token="self-test-0000000000000000"
  helper=/crossfade-header
  home=/ uid=$self
  for cli in $CLIS; do
    user_file "$cli"
    for sample in '' "$(sample_of "$format")"; do
      put "$sample" >old
      cp old original
      : >before
      plan "$cli" user | edit set || fail 1 "self-test: $cli cannot be set"
      cp new old
      live_token "$cli"
      [ "$live" = "$token" ] || fail 1 "self-test: $cli has no token"
      cp undo before
      result=0
      plan "$cli" user | edit set || result=$?
      [ "$result" -eq 1 ] || fail 1 "self-test: $cli changes twice"
      edit undo <before || fail 1 "self-test: $cli cannot be restored"
      cmp -s new original || fail 1 "self-test: $cli is not restored to what it was"
      say note "$cli" '' "works         $cli, $format"
    done
    set_state "$cli" ok
  done
}

sample_of() {
  case $1 in
    toml) printf '# mine\r\nmodel = "m"\r\n[x."a b"] # theirs\r\nargs = [ 1,\r\n 2 ]' ;;
    jsonc) printf '{\n\t// mine\n\t"a": [1.50, {"b": null}],\n\t"c": "\\u00e9"\n}' ;;
    *) printf '{"a": [1.50, {"b": null}],\n  "env": {"X": "\\u00e9"}}\n\n' ;;
  esac
}
