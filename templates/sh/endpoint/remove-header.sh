# remove_header_program CLI FOLDERS: removes it and its token file once no setting names it.
remove_header_program() {
  if [ -z "$program_folder" ] || [ -n "$secret" ] || [ "$MAY_WRITE" = no ]; then return 0; fi
  for leftover in "$program_folder/crossfade-header" "$program_folder/crossfade-token"; do
    fetch "$leftover"
    if [ "$fetched" = ok ]; then
      run_as "$uid" "$name" "$REMOVE" "$leftover" "$(old_sum)" "$2" "$SUM" </dev/null || trouble "$1" "$leftover" "cannot be removed" 12
    fi
  done
}
