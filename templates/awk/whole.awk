# Writes a whole JSON or TOML file from a plan. Its lines are "set POINTER string|bool|int VALUE", with tabs between and the members of a
# container together. Variables: format, json, jsonc or toml; status, a file for the number of bytes printed, as some awks report no full
# disk. Exit code 2: a value would need quoting, which this program does not do.

BEGIN {
  depth = 0
  if (format != "toml") out("{")
}

$1 == "set" {
  split($0, field, "\t")
  value = substr($0, length(field[1] field[2] field[3]) + 4)
  if (value ~ /["\\\001-\037\177]/) exit 2
  count = split(substr(field[2], 2), name, "/")
  if (field[3] == "string") value = "\"" value "\""
  if (format == "toml") statement(); else member()
}

END {
  if (format != "toml") {
    while (depth) leave()
    out("\n}\n")
  }
  print bytes > status
}

function out(text) { bytes += length(text); printf "%s", text }

function statement(   i) {
  for (i = 1; i <= count; i++) out((i > 1 ? "." : "") name[i])
  out(" = " value "\n")
}

function member(   i) {
  for (i = 1; i < count && i <= depth && name[i] == inside[i]; i++) ;
  while (depth >= i) leave()
  for (; i < count; i++) {
    begin(name[i])
    out("{")
    inside[++depth] = name[i]; filled[depth] = 0
  }
  begin(name[count])
  out(value)
}

# The comma, line end, indentation and key in front of a value.
function begin(key) {
  out((filled[depth] ? "," : "") "\n" indent(depth + 1) "\"" key "\": ")
  filled[depth] = 1
}

function leave() { out("\n" indent(depth) "}"); depth-- }

function indent(n) { return n ? "  " indent(n - 1) : "" }
