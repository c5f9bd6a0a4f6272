# Writes a whole JSON or TOML file from a plan of lines "set POINTER string|bool|int VALUE", with tabs between and the members of a
# container together. Variables: format, json, jsonc or toml; record, a file for what the uninstall script of the scripts with an editor
# needs; status, a file for the number of bytes printed and of lines of the record, as some awks report no full disk. Exit code 2: a
# value would need quoting, which this program does not do.

BEGIN {
  for (i = 1; i < 256; i++) ORD[sprintf("%c", i)] = i
  depth = 0
  if (format != "toml") { out("{"); box("") }
}

$1 == "set" {
  split($0, field, "\t")
  value = substr($0, length(field[1] field[2] field[3]) + 4)
  if (value ~ /["\\\001-\037\177]/) exit 2
  checksum = sum(field[2] "\t" field[3] "\t" value)
  count = split(substr(field[2], 2), name, "/")
  if (field[3] == "string") value = "\"" value "\""
  if (format == "toml") statement(); else member()
  note("put\t" field[2] "\t" checksum "\t\t\t")
}

END {
  if (format != "toml") {
    while (depth) leave()
    out("\n}\n")
  }
  close(record)
  print bytes, lines > status
}

function out(text) { bytes += length(text); printf "%s", text }

function note(line) { lines++; print line > record }

function box(pointer) { note("box\t" pointer "\t\t\t\t") }

function statement(   i) {
  for (i = 1; i <= count; i++) out((i > 1 ? "." : "") name[i])
  out(" = " value "\n")
}

function member(   i, j, pointer) {
  for (i = 1; i < count && i <= depth && name[i] == inside[i]; i++) ;
  while (depth >= i) leave()
  for (; i < count; i++) {
    begin(name[i])
    out("{")
    inside[++depth] = name[i]; filled[depth] = 0
    pointer = ""
    for (j = 1; j <= depth; j++) pointer = pointer "/" inside[j]
    box(pointer)
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

# The checksum of the editor.
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}
