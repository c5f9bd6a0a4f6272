# drop POINTER [WHEN]
drop() { if [ -z "${2-}" ] || wants "$2"; then put "drop$tab$1" && echo; fi; }
# keep_table POINTER, join_list POINTER: for the row of that pointer, whether a table there stays, and whether its value goes behind the owner's
keep_table() { put "keep$tab$1" && echo; }
join_list() { put "join$tab$1" && echo; }
