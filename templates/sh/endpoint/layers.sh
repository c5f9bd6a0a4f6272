# layers CLI WORDS...: which layers matter for whoever has this on the machine. Sets release, in_system, in_user.
layers() {
  in_system=no in_user=no
  release_of "$@"
  [ -n "$release" ] || return 0
  if [ "$SCOPE" = system ]; then
    system_file "$1"
    if [ "$release" = "?" ]; then
      in_system=yes in_user=yes
    elif older "$release" "$since"; then
      in_user=yes
    else
      in_system=yes
    fi
  else
    in_user=yes
  fi
  user_file "$1"
  if [ "$in_user" = yes ] && [ "$release" != "?" ] && older "$release" "$since"; then
    in_user=no
    set_state "$1" old
  fi
}

# has_record CLI: whether a user's words say that a file of theirs was edited before.
has_record() { case $words in *"$1=ours "*) return 0 ;; esac; return 1; }
