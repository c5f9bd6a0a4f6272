# Whether a file is plain JSON, with an object at its top: exit code 0. With comments, and with what is known not to be taken always, it is 1: its reader may
# take it or not. Variable: known, a regular expression for that, as text without blanks.

{ s = s $0 "\n" }

END {
  t = s; gsub(/[ \t\r\n]+/, "", t)
  if (s ~ /\001/ || t !~ /^[{]/ || (known != "" && t ~ known)) exit 1
  gsub(/"([^"\\\001-\037]|\\["\\\/bfnrt])*"/, "\001", s)
  gsub(/true|false|null|-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?/, "0", s)
  gsub(/[ \t\r\n]+/, "", s)
  for (n = 99; n && gsub(/\[([0\001](,[0\001])*)?\]|[{](\001:[0\001](,\001:[0\001])*)?[}]/, "0", s); n--) ;
  exit s != "0"
}
