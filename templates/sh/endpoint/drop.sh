# drop WORD..., drop_if WHEN WORD
drop() { for word in "$@"; do point_at "$word" && put "drop$tab$pointer" && echo; done; }
drop_if() { if wants "$1"; then drop "$2"; fi; }
# keep_table POINTER, join_list POINTER: a table there stays, the value of its row goes behind the owner's
keep_table() { put "keep$tab$1" && echo; }
join_list() { put "join$tab$1" && echo; }
# kinds TEXT: what values have to be, by lines of a kind and pointers without the slash before them; a table with a slash at its end goes before
# the ones behind it.
kinds() {
  printf '%s\n' "$1" | while read -r kind rest; do
    set -f
    table=
    for pointer in $rest; do
      case $pointer in */) table=$pointer ;; *) put "kind$tab/$table$pointer$tab$kind" && echo ;; esac
    done
  done
}
# only_keys POINTER KEY...: there are no others there
only_keys() {
  pointer=$1
  shift
  put "only$tab$pointer$tab$*" && echo
}
# form POINTER WORDS VARIANTS: what is to be there, as the editor takes it
form() { put "form$tab$1$tab$2$tab$3" && echo; }
