# edit MODE: runs the editor on the file old with a plan or record from standard input; the result is in new. Returns what the editor
# does, or 5 if what it wrote is incomplete, as on a full disk, which some awks do not report.
edit() {
  : >status
  code=0 said='' bytes=0 lines=0
  limited "$AWK" -v "format=$format" -v "mode=$1" -v undo=undo -v before=before -v status=status "$EDIT" - old >new 2>reason || code=$?
  if [ "$code" -gt 128 ]; then return 6; fi
  IFS=' ' read -r said bytes lines <status || return 5
  [ "$code" = "$said" ] || return 5
  [ "$code" -eq 0 ] || return "$code"
  case $1 in set | undo) [ "$(($(wc -c <new)))" = "$bytes" ] || return 5 ;; esac
  case $1 in set) [ "$(($(wc -l <undo)))" = "$lines" ] || return 5 ;; esac
}

# limited COMMAND...: another's file may not keep root busy for long.
limited() {
  if [ "$uid" = "$self" ]; then
    "$@"
  else
    apart "$SH" -c 'echo $$ >session; exec "$@"' sh "$@"
    code=$?
    rm -f session
    return "$code"
  fi
}

why_broken() { plain "$(sed 's/^edit: [^:]*:\([0-9]*\):\([0-9]*\): /parse error at line \1, column \2: /; 1q' reason)"; }

parse_error() {
  case $result in
    3) trouble "$1" "$2" "$(why_broken); file unchanged" ;;
    5) trouble "$1" "$2" "cannot be processed, because $(plain "$work") cannot be written; file unchanged" 12 ;;
    6)
      set_state "$1" error
      skip_account "$uid" "$name"
      ;;
    *) trouble "$1" "$2" "the editor failed ($result), which is a bug; file unchanged" 1 ;;
  esac
}
