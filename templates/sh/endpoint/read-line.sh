# The token from standard input; a line break at its end does not belong to it.
read_line() { IFS= read -r token || :; }
