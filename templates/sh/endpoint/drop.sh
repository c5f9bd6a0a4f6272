# drop POINTER [WHEN]
drop() { if [ -z "${2-}" ] || wants "$2"; then put "drop$tab$1" && echo; fi; }
# keep_table POINTER, join_list POINTER: for the row of that pointer, whether a table there stays, and whether its value goes behind the owner's
keep_table() { put "keep$tab$1" && echo; }
join_list() { put "join$tab$1" && echo; }
# kinds KIND POINTER...: values without which the CLI does not read the file
kinds() {
  kind=$1
  shift
  for pointer in "$@"; do put "kind$tab$pointer$tab$kind" && echo; done
}
# only_keys POINTER KEY...: with another key there the CLI does not read the file
only_keys() {
  pointer=$1
  shift
  put "only$tab$pointer$tab$*" && echo
}
# form POINTER WORDS VARIANTS: what is to be there, as the editor takes it
form() { put "form$tab$1$tab$2$tab$3" && echo; }
