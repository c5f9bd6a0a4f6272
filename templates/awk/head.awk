# Reads and changes single keys of a JSON, JSONC or TOML file. POSIX awk; it starts no program but cat, and touches only the files named.
#
#   printf "%s\n" "$plan" | LC_ALL=C awk -v format=json -v mode=MODE -f FILE_OF_THIS_PROGRAM - FILE
#
# format  json | jsonc (comments are allowed, trailing commas are not: not every reader accepts them) | toml (1.0)
# mode    what to do. Each mode has a section below, which says what its plan is and what it prints.
# status  a file that gets the exit code, the number of bytes printed and the lines of the record: some awks report no full disk
#
# Fields of a plan line are separated by tabs. POINTER is RFC 6901 (/env/NAME); VALUE is plain text and is quoted here.
# stderr  "edit: FILE:LINE:COL: reason", never a value
# exit    0 done; 1 nothing to change, nothing printed; 2 wrong use; 3 the file cannot be parsed, nothing printed;
#         4 the result failed the final check, nothing printed
