# ---------------------------------------------------------------------------------------------------------------
# Strings and pointers.

# The value of a token: of a string what it stands for, of anything else its text.
function plain(t,   q) {
  q = substr(t, 1, 1)
  if (q != "\"" && q != "\047") return t
  if (format == "toml" && length(t) > 5 && substr(t, 1, 3) == q q q) {
    t = substr(t, 4, length(t) - 6)
    sub(/^\r?\n/, "", t)
  } else t = substr(t, 2, length(t) - 2)
  return q == "\"" ? unescape(t) : t
}

function unescape(s,   out, i, c, n) {
  out = ""
  while (i = index(s, "\\")) {
    out = out substr(s, 1, i - 1); c = substr(s, i + 1, 1); n = 2
    if (c in LETTER) out = out LETTER[c]
    else if (c == "u" || c == "U") {
      n = c == "u" ? 6 : 10
      c = hex(substr(s, i + 2, n - 2))
      if (c >= 55296 && c < 56320 && substr(s, i + 6) ~ /^\\u[dD][c-fC-F]/) { c = 65536 + (c - 55296) * 1024 + hex(substr(s, i + 8, 4)) - 56320; n = 12 }
      out = out utf8(c)
    } else { match(substr(s, i + 1), /^[ \t\r\n]*/); n = 1 + RLENGTH }
    s = substr(s, i + n)
  }
  return out s
}

function hex(s,   i, n) {
  for (n = 0; s != ""; s = substr(s, 2)) n = n * 16 + index("0123456789abcdef", tolower(substr(s, 1, 1))) - 1
  return n
}

# U+0000 becomes two bytes, since not every awk can hold it.
function utf8(n,   tail) {
  if (n && n < 128) return sprintf("%c", n)
  tail = sprintf("%c", 128 + n % 64); n = int(n / 64)
  if (n < 32) return sprintf("%c", 192 + n) tail
  tail = sprintf("%c", 128 + n % 64) tail; n = int(n / 64)
  if (n < 16) return sprintf("%c", 224 + n) tail
  return sprintf("%c", 240 + int(n / 64)) sprintf("%c", 128 + n % 64) tail
}

# Makes one line, for records and answers; unescape() reverses it.
function one_line(s,   out) {
  for (out = ""; match(s, /[\\\t\r\n]/); s = substr(s, RSTART + 1)) out = out substr(s, 1, RSTART - 1) SHORT[substr(s, RSTART, 1)]
  return out s
}

function reference(name) {
  if (name ~ /[~\/]/) { gsub(/~/, "~0", name); gsub(/\//, "~1", name) }
  return name
}

function up(p) { sub(/\/[^\/]*$/, "", p); return p }

function wanted(p) { for (WANT[""] = 1; p != ""; p = up(p)) WANT[p] = 1 }

# Type and value at a pointer as one text; "" if there is nothing.
function content(p) {
  if (!(p in KIND)) return ""
  return KIND[p] "\t" ((p in MEMBER) && KIND[p] !~ /^(object|array|table)$/ ? plain(slice(mVal[MEMBER[p]], mEnd[MEMBER[p]])) : "")
}
