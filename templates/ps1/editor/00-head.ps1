# Reads and changes single keys of a JSON, JSONC or TOML file: the awk editor of templates/awk in PowerShell 5.1, part by part. Both give the
# same bytes, codes and reasons. A function has the name of its pair: take_out() there is EdTakeOut here. State is in $script:Ed.
#
#   $done = Invoke-Editor MODE FORMAT ROWS TEXT [BEFORE [FILE]]
#
# MODE    get | same | set | undo, as in awk: each has a part below, which says what its plan is
# FORMAT  json | jsonc (comments are allowed, trailing commas are not) | toml
# ROWS    lines of the plan. Fields are separated by tabs; POINTER is RFC 6901 (/env/NAME); VALUE is plain text and is quoted here.
# TEXT    the file, one character a byte (Latin-1), as ROWS, BEFORE and all that comes back are
# BEFORE  for set: lines of the record of the last set (awk: -v before=FILE)
# FILE    the name for messages
#
# It returns a hashtable:
#   Code      0 done; 1 nothing to change; 2 wrong use; 3 the file cannot be parsed; 4 the result failed the final check
#   Text      for set and undo with code 0 the new file, with the byte order mark it had; otherwise $null
#   Lines     for get the answers, "POINTER<tab>TYPE<tab>VALUE" (awk: standard output)
#   Record    for set with code 0 the lines of the record that undo takes, its head included (awk: -v undo=FILE)
#   Messages  "edit: FILE:LINE:COL: reason", "kept POINTER", "lost POINTER", never a value (awk: standard error)
#
# No cmdlet gets a text, a value or a pointer. Texts are compared by ordinal only: -eq and -ceq pass over some bytes.
