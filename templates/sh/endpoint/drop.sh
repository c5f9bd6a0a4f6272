# drop POINTER [WHEN]
drop() { if [ -z "${2-}" ] || wants "$2"; then put "drop$tab$1" && echo; fi; }
# keep POINTER
keep() { put "keep$tab$1" && echo; }
