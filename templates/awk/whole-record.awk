# What the uninstall script of the scripts with an editor needs to know of a whole file, from its plan. Variables: format, json, jsonc or toml; status, a file for the
# number of lines printed.

BEGIN {
  for (i = 1; i < 256; i++) ORD[sprintf("%c", i)] = i
  if (format != "toml") box("")
}

$1 == "set" {
  split($0, field, "\t")
  value = substr($0, length(field[1] field[2] field[3]) + 4)
  count = split(field[2], name, "/"); pointer = ""
  for (i = 2; i < count && format != "toml"; i++) box(pointer = pointer "/" name[i])
  print "put\t" field[2] "\t" sum(field[2] "\t" field[3] "\t" value) "\t\t\t"; lines++
}

END { print lines > status }

function box(pointer) { if (!made[pointer]++) { print "box\t" pointer "\t\t\t\t"; lines++ } }

# The checksum of the editor.
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}
