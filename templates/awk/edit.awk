# edit.awk: sets, removes, restores and reads single keys of a JSON, JSONC or TOML file.
# Every byte that is not part of such a key stays as it is. POSIX awk; nothing is run, and only the files named are read or written.
#
#   printf "%s\n" "$plan" | LC_ALL=C awk -v format=json -v mode=set -v undo=FILE -f edit.awk - FILE > NEW
#
# format  json | jsonc (comments are allowed, trailing commas are not: they keep Gemini CLI from starting) | toml (1.0)
# mode    set    plan: set POINTER string|bool|int VALUE   the key gets this value
#                      drop POINTER                        only what the plan sets may be left at and below it
#         undo   plan: the record that set wrote; takes back what is still as set wrote it
#         get    plan: get POINTER | keys POINTER          prints POINTER, type and value; keys: of each child
#         check  plan: empty; the file is only parsed
# undo    where set writes its record; may hold values of the file as it was, never a value from the plan
# before  the record of the last set, when it has been set before: then the new record leads back to the first original
# absent  1: FILE is taken as empty without reading it
# word    where the exit code goes as well, and after it the bytes printed and the lines of the record: some awks end well on a full disk
#
# Plan lines are separated by tabs, POINTER is RFC 6901 (/env/NAME), VALUE is plain text that is quoted here.
# stdout  the new file (set, undo) or the answers (get; in them tab, newline, return and backslash are escaped)
# stderr  "edit: FILE:LINE:COL: reason", without any value; undo: "kept POINTER" (changed since, left alone) and
#         "lost POINTER" (a dropped key whose place is not there any more)
# exit    0 done; 1 nothing to change, nothing printed; 2 wrong use; 3 the file is not understood, nothing printed;
#         4 the result did not stand the check, nothing printed

# ---------------------------------------------------------------------------------------------------------------
# Text. It is kept in pieces of SIZE bytes, because awks get slow on long strings. X[g, i] is piece i of
# generation g: 0 is the file, each pass of edits makes the next. LEN[g] is the length in bytes.

function store(g, text) {
  LEN[g] = length(text); PIECES[g] = 0
  halve(g, text, LEN[g])
}

function halve(g, text, n,   half) {
  if (n <= SIZE) { if (n) X[g, ++PIECES[g]] = text; return }
  half = SIZE * int((int((n - 1) / SIZE) + 1) / 2)
  halve(g, substr(text, 1, half), half)
  halve(g, substr(text, half + 1), n - half)
}

# Bytes a to b of the generation that was parsed last.
function slice(a, b,   i, s) {
  if (a < 1) a = 1
  if (b > LEN[G]) b = LEN[G]
  if (b < a) return ""
  i = int((a - 1) / SIZE) + 1
  s = substr(X[G, i], a - (i - 1) * SIZE)
  while (i * SIZE < b) s = s X[G, ++i]
  return substr(s, 1, b - a + 1)
}

# The lexer looks at W, a window on the text that begins at byte AT and shows at least LOW bytes.
function seek(at,   i) {
  i = int((at - 1) / SIZE) + 1
  AT = at; W = i > PIECES[G] ? "" : substr(X[G, i], at - (i - 1) * SIZE); NEXT = i
  fill()
}

function fill() { while (length(W) < SIZE && NEXT < PIECES[G]) W = W X[G, ++NEXT] }

function eat(n) {
  AT += n; W = substr(W, n + 1)
  if (length(W) < LOW) fill()
}

# Moves n bytes to TOK. Tokens of more than 32 KB are spilled to the list of values piece by piece.
function take(n) {
  TOK = TOK substr(W, 1, n)
  eat(n)
  if (length(TOK) > 32768) { SPILT = 1; note(OWNER, substr(TOK, 1, 32768)); TOK = substr(TOK, 32769) }
}

# The first failure stops all reading: the window closes and stays closed.
function fail(at, reason) {
  if (WHY == "") WHY = place(at) ": " reason
  W = ""; NEXT = PIECES[G]
  return 0
}

function place(at,   i, n, s, bit, line, head) {
  line = 1; head = 1
  for (i = 1; (i - 1) * SIZE < at - 1; i++) {
    s = substr(X[G, i], 1, at - 1 - (i - 1) * SIZE)
    n = split(s, bit, "\n")
    if (n > 1) { line += n - 1; head = (i - 1) * SIZE + length(s) - length(bit[n]) + 1 }
  }
  return line ":" (at - head + 1)
}

# ---------------------------------------------------------------------------------------------------------------
# What parsing finds. Pointers that matter (WANT: those of the plan and all above them) get KIND, WHERE and, for
# containers, OPEN and CLOSE. Members of containers that matter are numbered 1..M: path, container, start of the
# key, end of the key, start and end of the value, the comma after it, the member before it in the container.
# All other values go to the list E, which must be the same after the edit.

function parse(g, listing) {
  split("", KIND); split("", WHERE); split("", OPEN); split("", CLOSE); split("", MEMBER); split("", INSIDE)
  split("", HOST); split("", COUNT); split("", LAST); split("", FIRST); split("", SEEN); split("", BASE)
  M = SECTIONS = EVENTS = COMMENTS = SM[0] = 0; LISTED = ""
  G = g; LISTING = listing
  seek(1)
  if (format == "toml") toml(); else json()
  return WHY == ""
}

# LISTING 1 writes the list, 2 compares with it.
function note(path, text) {
  if (HUSHED || !LISTING) return
  if (LISTING == 1) E[++EVENTS] = path "=" text
  else if (E[++EVENTS] != path "=" text) DIFFERENT = 1
}

function member(host, path, at) {
  M++
  mPath[M] = path; mHost[M] = host; mKey[M] = at; mName[M] = at; mVal[M] = at; mEnd[M] = at; mComma[M] = 0
  mPrev[M] = (host in LAST) ? LAST[host] : 0
  mNext[M] = 0
  if (mPrev[M]) mNext[mPrev[M]] = M
  mId[M] = path "#" ++SEEN[path]
  if (!(host in FIRST)) FIRST[host] = M
  LAST[host] = M
  if (path in WANT) MEMBER[path] = M
  return M
}

# A pointer comes into being. Children of pointers in KEYS are to be listed, so they matter, too.
function born(path, kind, at) {
  if (format == "toml" || (path in WANT)) KIND[path] = kind
  if (path in WANT) WHERE[path] = at
}

function adopt(parent, path) {
  if (!(parent in KEYS) || ((parent, path) in CHILD)) return
  CHILD[parent, path] = 1; CHILDREN[parent, ++KEYS[parent]] = path; WANT[path] = 1
}

# A value and all inside it. Containers are kept on a stack: SK kind, SP path, SN elements, SM member, SH hush.
function value(path, hush,   d, c, opened, comma, lines) {
  d = 0
  while (WHY == "") {
    HUSHED = hush || (path in WANT)
    c = substr(W, 1, 1)
    opened = c == "{" || c == "["
    if (opened) {
      if (++d > 200) return fail(AT, "nested too deeply")
      SK[d] = c; SP[d] = path; SN[d] = 0; SM[d] = 0; SH[d] = hush
      born(path, c == "{" ? "object" : "array", AT)
      if (path in WANT) { OPEN[path] = AT; INSIDE[path] = path }
      note(path, c)
      eat(1)
    } else {
      OWNER = path; TOK = ""; SPILT = 0; lines = AT
      if (format == "toml") toml_scalar(); else json_scalar()
      born(path, TYPE, lines)
      note(path, TOK)
    }
    # On to the next value, out of the containers that end on the way.
    for (;;) {
      if (!opened && SM[d]) mEnd[SM[d]] = AT - 1
      if (d == 0 || WHY != "") return
      lines = format != "toml" || SK[d] == "["
      space(lines)
      comma = !opened && substr(W, 1, 1) == ","
      if (comma) {
        if (SM[d]) mComma[SM[d]] = AT
        eat(1); space(lines)
      }
      c = substr(W, 1, 1)
      if (c == (SK[d] == "{" ? "}" : "]") && (!comma || (format == "toml" && lines))) {
        if (SP[d] in WANT) CLOSE[SP[d]] = AT
        eat(1); d--; opened = 0
        continue
      }
      if (c == "") return fail(AT, "the file ends inside a value")
      if (!opened && !comma) return fail(AT, "expected a comma or a closing bracket")
      if (SK[d] == "[") { path = SP[d] "/" SN[d]++; hush = SH[d] }
      else { HUSH = SH[d]; SM[d] = key(SP[d], SP[d]); path = PATH; hush = HUSH }
      break
    }
  }
}

# A key and what parts it from its value. Gives the member, or 0 where nobody asks for it; sets PATH and HUSH.
function key(table, host,   at, m) {
  at = AT; m = 0
  if (format == "toml") toml_key(table, host); else json_key(table)
  if ((host in WANT) || host == LISTED) { m = member(host, PATH, at); mName[m] = NAME_END }
  space(format != "toml")
  if (substr(W, 1, 1) != (format == "toml" ? "=" : ":")) return fail(AT, "expected a key and its value")
  eat(1)
  space(format != "toml")
  if (m) mVal[m] = AT
  return m
}

# Skips white space; with lines also line ends and comments.
function space(lines,   c) {
  while ((c = substr(W, 1, 1)) != "") {
    if (c == " " || c == "\t") { match(W, /^[ \t]+/); eat(RLENGTH) }
    else if (lines && (c == "\n" || c == "\r")) line_end()
    else if (lines && c == (format == "toml" ? "#" : format == "jsonc" ? "/" : "")) comment()
    else return
  }
}

function line_end(   n) {
  if (format != "toml") { match(W, /^[ \t\r\n]+/); eat(RLENGTH) }
  else if (substr(W, 1, 1) == "\n") eat(1)
  else if (substr(W, 1, 2) == "\r\n") eat(2)
  else fail(AT, "a carriage return alone does not end a line")
}

function comment(   from, end) {
  from = AT; COMMENTS++
  if (substr(W, 1, 2) == "/*") {
    eat(2)
    while (!(end = index(W, "*/"))) {
      if (NEXT >= PIECES[G]) return fail(from, "a comment does not end")
      eat(length(W) - 1)
    }
    eat(end + 1)
  } else if (format == "toml") {
    while (match(W, /^[^\001-\010\012-\037\177]+/)) eat(RLENGTH)
    if (W ~ /^[^\r\n]/) fail(AT, "a control character in a comment")
  } else if (substr(W, 1, 2) == "//") {
    while (match(W, /^[^\r\n]+/)) eat(RLENGTH)
    # Readers differ on whether a lone carriage return ends the comment; then nothing but blanks or a comment may follow on the line.
    if (W ~ /^\r/ && W !~ /^[ \t\r]+(\n|\/\/)/ && (W !~ /^[ \t\r]+$/ || NEXT < PIECES[G])) fail(AT, "a carriage return alone ends a comment")
  } else fail(AT, "expected a comment")
}

# ---------------------------------------------------------------------------------------------------------------
# JSON and JSONC.

function json() {
  space(1)
  if (W == "" && !COMMENTS) return
  if (substr(W, 1, 1) != "{") return fail(AT, "the file does not hold an object")
  SM[0] = member("#top", "", AT)
  value("", 0)
  space(1)
  if (W != "") fail(AT, "something follows the object")
}

function json_key(host,   at) {
  at = AT; OWNER = host; TOK = ""; SPILT = 0
  if (substr(W, 1, 1) != "\"") return fail(AT, "expected a key")
  json_string()
  if (SPILT) return fail(at, "the key is too long")
  NAME_END = AT - 1
  PATH = host "/" reference(plain(TOK))
  if (PATH in SILENT) HUSH = 1
  adopt(host, PATH)
  if ((PATH in WANT) && (PATH in KIND)) return fail(at, "this key is there twice")
}

function json_scalar(   at) {
  at = AT
  if (substr(W, 1, 1) == "\"") { json_string(); TYPE = "string"; return }
  while (match(W, /^[-+.0-9A-Za-z_$]+/)) take(RLENGTH)
  if (TOK ~ /^-?(0|[1-9][0-9]*)$/) TYPE = "int"
  else if (TOK ~ /^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$/) TYPE = "float"
  else if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK == "null") TYPE = "null"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

function json_string(   from) {
  if (match(W, /^"[^"\\\001-\037]*"/)) { take(RLENGTH); return }
  from = AT
  for (take(1); ; ) {
    if (match(W, /^[^"\\\001-\037]+/)) take(RLENGTH)
    else if (substr(W, 1, 1) == "\"") return take(1)
    else if (match(W, /^\\(["\\\/bfnrt]|u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])/)) take(RLENGTH)
    else if (W == "") return fail(from, "a string does not end")
    else return fail(AT, "a control character or a wrong escape in a string")
  }
}

# ---------------------------------------------------------------------------------------------------------------
# TOML. A section is a header and the statements below it, "#0" what stands above the first header.

function toml(   m) {
  KIND[""] = "table"; INSIDE[""] = "#0"; BASE["#0"] = ""
  TABLE = ""; SECTION = LISTED = "#0"; QUIET = 0; ABOVE = "^"; ABOVE_END = 1
  while (WHY == "") {
    space(1)
    if (W == "") return
    m = substr(W, 1, 1) == "[" ? header() : statement()
    space(0)
    if (substr(W, 1, 1) == "#") comment()
    if (W != "") line_end()
    if (m) { mLine[m] = AT; mAbove[m] = ABOVE; mAboveEnd[m] = ABOVE_END; mId[m] = mPath[m] }
    ABOVE = PATH; ABOVE_END = AT
    if (ABOVE in ANCHOR) ANCHOR[ABOVE] = AT
  }
}

function statement(   m, p) {
  HUSH = QUIET
  m = key(TABLE, SECTION); p = PATH
  value(p, HUSH)
  if (m) mEnd[m] = AT - 1
  PATH = p
  return m
}

function header(   at, list, p, m) {
  at = AT; list = substr(W, 1, 2) == "[["; p = ""; HUSH = 0
  for (eat(list + 1); ; eat(1)) {
    space(0)
    adopt(p, p "/" part()); p = p "/" PART
    space(0)
    if (p in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(p in KIND)) born(p, "implicit", at)
    else if (KIND[p] == "tables") p = p "/" (COUNT[p] - 1)
    else if (KIND[p] !~ /^(table|implicit|dotted)$/) return fail(at, "a table below a value")
  }
  if (list) {
    if (!(p in KIND)) { born(p, "tables", at); COUNT[p] = 0 }
    else if (KIND[p] != "tables") return fail(at, "this table is there twice")
    p = p "/" COUNT[p]++
  } else if ((p in KIND) && KIND[p] != "implicit") return fail(at, "this table is there twice")
  born(p, "table", at)
  if (substr(W, 1, list + 1) != (list ? "]]" : "]")) return fail(AT, "expected the end of the header")
  eat(list + 1)
  PATH = p; TABLE = p; SECTION = "#" (++SECTIONS); QUIET = HUSH
  INSIDE[p] = SECTION; BASE[SECTION] = p
  LISTED = HUSH || (p in WANT) ? SECTION : ""
  HUSHED = LISTED != ""
  note(p, "[")
  if (!HUSHED) return 0
  m = member("#headers", p, at)
  mEnd[m] = AT - 1
  return m
}

# A key of one or more parts below a table. Sets PATH; tables on the way are defined by it.
function toml_key(table, host,   at) {
  at = AT; PATH = table
  for (;; eat(1)) {
    space(0)
    adopt(PATH, PATH "/" part()); PATH = PATH "/" PART
    NAME_END = AT - 1
    space(0)
    if (PATH in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(PATH in KIND)) { born(PATH, "dotted", at); HOST[PATH] = host }
    else if (KIND[PATH] != "dotted") return fail(at, "a key below a value or a table of its own")
  }
  if (PATH in KIND) return fail(at, "this key is there twice")
}

# One part of a key, as in a pointer.
function part(   at) {
  at = AT; TOK = ""; OWNER = ""; SPILT = 0; HUSHED = 1
  if (W ~ /^["\047]/) {
    if (substr(W, 1, 3) ~ /^("""|\047\047\047)/) return fail(AT, "a key on many lines")
    toml_string()
  } else while (match(W, /^[A-Za-z0-9_-]+/)) take(RLENGTH)
  if (TOK == "") fail(AT, "expected a key")
  if (SPILT) fail(at, "the key is too long")
  return PART = reference(plain(TOK))
}

function toml_scalar(   at) {
  at = AT
  if (W ~ /^["\047]/) { toml_string(); TYPE = "string"; return }
  while (match(W, /^[-+.:0-9A-Za-z_]+/)) take(RLENGTH)
  if (TOK ~ /^[0-9][0-9][0-9][0-9]-[^T]*$/ && match(W, /^ [0-9][0-9]:[-+.:0-9A-Za-z]+/)) take(RLENGTH)
  if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK ~ /^([-+]?(0|[1-9](_?[0-9])*)|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$/) TYPE = "int"
  else if (TOK ~ /^[-+]?((0|[1-9](_?[0-9])*)([.][0-9](_?[0-9])*)?([eE][-+]?[0-9](_?[0-9])*)?|inf|nan)$/) TYPE = "float"
  else if (TOK ~ /^[0-9][0-9]/ && TOK ~ ("^(" DATE "([Tt ]" TIME "([Zz]|[-+]" HOUR ":[0-5][0-9])?)?|" TIME ")$")) TYPE = "date"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

# Any of the four kinds of strings.
function toml_string(   from, q, many, c, n) {
  from = AT; q = substr(W, 1, 1); many = substr(W, 1, 3) == q q q
  for (take(many ? 3 : 1); (c = substr(W, 1, 1)) != ""; ) {
    if (c == q) {
      if (!many) return take(1)
      # One or two quotes may stand before the three that end it.
      for (n = 1; n < 5 && substr(W, n + 1, 1) == q; n++) ;
      take(n)
      if (n > 2) return
    } else if (c == "\\" && q == "\"") {
      if (match(W, /^\\["\\bfnrt]/)) take(2)
      else if (match(W, /^\\(u|U000[0-9A-Fa-f]|U0010)[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]/) && W !~ /^\\(u|U0000)[dD][89A-Fa-f]/) take(RLENGTH)
      else if (many && match(W, /^\\[ \t]*\r?\n/)) take(RLENGTH)
      else return fail(AT, "a wrong escape in a string")
    }
    else if (match(W, /^[^"\047\\\001-\010\012-\037\177]+/)) take(RLENGTH)
    else if (W ~ /^["\047\\]/ || (many && c == "\n")) take(1)
    else if (many && substr(W, 1, 2) == "\r\n") take(2)
    else return fail(AT, "a control character in a string")
  }
  fail(from, "a string does not end")
}

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

function quote(s,   out, c) {
  for (out = ""; match(s, /["\\\001-\037\177]/); s = substr(s, RSTART + 1)) {
    c = substr(s, RSTART, 1)
    out = out substr(s, 1, RSTART - 1) ((c in SHORT) ? SHORT[c] : sprintf("\\u%04X", ORD[c]))
  }
  return "\"" out s "\""
}

# One line for records and answers; unescape() is the way back.
function one_line(s,   out) {
  for (out = ""; match(s, /[\\\t\r\n]/); s = substr(s, RSTART + 1)) out = out substr(s, 1, RSTART - 1) SHORT[substr(s, RSTART, 1)]
  return out s
}

# A checksum that tells whether a value is still the one that we wrote; too short to give the value away.
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}

function reference(name) {
  if (name ~ /[~\/]/) { gsub(/~/, "~0", name); gsub(/\//, "~1", name) }
  return name
}

function name_of(p) {
  sub(/^.*\//, "", p); gsub(/~1/, "/", p); gsub(/~0/, "~", p)
  return p
}

function up(p) { sub(/\/[^\/]*$/, "", p); return p }

function below(p, top) { return p != top && substr(p, 1, length(top) + 1) == top "/" }

# The pointer just below top on the way to p.
function step(p, top) {
  p = substr(p, length(top) + 2)
  sub(/\/.*/, "", p)
  return top "/" p
}

function wanted(p) { for (WANT[""] = 1; p != ""; p = up(p)) WANT[p] = 1 }

# Type and value at a pointer, as one text; "" where nothing is.
function content(p) {
  if (!(p in KIND)) return ""
  return KIND[p] "\t" ((p in MEMBER) && KIND[p] !~ /^(object|array|table)$/ ? plain(slice(mVal[MEMBER[p]], mEnd[MEMBER[p]])) : "")
}

# ---------------------------------------------------------------------------------------------------------------
# Edits: at a byte, so many bytes out, a text in. apply() makes the next generation of them.

function edit(at, out, text) { EDITS++; eAt[EDITS] = at; eOut[EDITS] = out; eText[EDITS] = text; eAnchor[EDITS] = "" }

function sort_edits(   i, j) {
  for (i = 1; i <= EDITS; i++) {
    for (j = i - 1; j && eAt[ORDER[j]] > eAt[i]; j--) ORDER[j + 1] = ORDER[j]
    ORDER[j + 1] = i
  }
}

function apply(   i, e, at) {
  sort_edits()
  PIECES[G + 1] = 0; LEN[G + 1] = 0; BUFFER = ""; at = 1
  for (i = 1; i <= EDITS; i++) {
    e = ORDER[i]
    if (eAt[e] < at) WHY = "edits overlap"
    copy(at, eAt[e] - 1)
    put(eText[e])
    at = eAt[e] + eOut[e]
  }
  copy(at, LEN[G])
  if (BUFFER != "") X[G + 1, ++PIECES[G + 1]] = BUFFER
  EDITS = 0
}

function copy(a, b,   end) {
  for (; a <= b; a = end + 1) {
    end = SIZE * (int((a - 1) / SIZE) + 1)
    if (end > b) end = b
    put(slice(a, end))
  }
}

function put(text) {
  LEN[G + 1] += length(text)
  for (BUFFER = BUFFER text; length(BUFFER) >= SIZE; BUFFER = substr(BUFFER, SIZE + 1)) X[G + 1, ++PIECES[G + 1]] = substr(BUFFER, 1, SIZE)
}

# ---------------------------------------------------------------------------------------------------------------
# Places in the text around an edit.

# Where the blanks begin that end just before at, and where those end that begin at it.
function blank_start(at,   s) { s = slice(at - 400, at - 1); match(s, /[ \t]*$/); return at - RLENGTH }
function blank_end(at) { match(slice(at, at + 400), /^[ \t]*/); return at + RLENGTH }

# The length of the line end just before a byte, or at it.
function break_before(at,   s) { s = slice(at < 3 ? 1 : at - 2, at - 1); return s ~ /\r\n$/ ? 2 : (s ~ /[\r\n]$/) }
function break_at(at,   s) { s = slice(at, at + 1); return s == "\r\n" ? 2 : (s ~ /^[\r\n]/) }

# The blanks at the start of the line that holds a byte.
function indent_at(at,   a, s) {
  for (a = at; a > 1 && at - a < 4096; a--) if (slice(a - 1, a - 1) ~ /[\r\n]/) break
  s = slice(a, at - 1)
  match(s, /^[ \t]*/)
  return substr(s, 1, RLENGTH)
}

# The end of the comments that follow on the line, with lines of all that follow; sets RUNS_ON if the last one ends with its line.
function after_comments(at, lines,   end) {
  RUNS_ON = 0; end = at
  if (format != "jsonc") return end
  for (seek(at); ; ) {
    if (match(W, lines ? "^[ \t\r\n]+" : "^[ \t]+")) eat(RLENGTH)
    else if (W ~ /^\/[\/*]/) { RUNS_ON = W ~ /^\/\//; comment(); end = AT }
    else return end
  }
}

# Line end, indentation and colon as the file has them.
function find_style(   i, m, s) {
  EOL = "\n"; UNIT = "  "; COLON = format == "toml" ? " = " : ": "
  for (i = 1; i <= PIECES[G]; i++) if (match(X[G, i], /[\r\n]/)) {
    i = (i - 1) * SIZE + RSTART
    EOL = slice(i, i + break_at(i) - 1)
    break
  }
  if (EOL == "\r" && COMMENTS) EOL = "\n"
  if (!(m = FIRST[""])) return
  COLON = colon(m)
  s = slice(blank_start(mKey[m]), mKey[m] - 1)
  if (s != "" && break_before(mKey[m] - length(s))) UNIT = s
}

function colon(m,   s) {
  s = slice(mName[m] + 1, mVal[m] - 1)
  if (format == "toml") return s == "=" ? s : " = "
  return s ~ /^ ?: ?$/ ? s : ": "
}

# ---------------------------------------------------------------------------------------------------------------
# Records: what the undo needs.

function record(verb, p, check, a, b, c) { RECORDS++; RECORD[RECORDS] = verb "\t" one_line(p) "\t" check "\t" one_line(a) "\t" one_line(b) "\t" one_line(c) }

# Reads a record into verb rVerb, pointer rPath, checksum rSum and three texts.
function read_record(line,   f, i, n) {
  n = split(line, f, "\t")
  if (n < 6) return
  R++
  rVerb[R] = f[1]; rPath[R] = unescape(f[2]); rSum[R] = f[3]; rA[R] = unescape(f[4]); rB[R] = unescape(f[5]); rC[R] = unescape(f[6])
  if (f[1] != "cut") OURS[rPath[R]] = R
}

# ---------------------------------------------------------------------------------------------------------------
# set, first pass: what drop names and the plan does not set is cut out.

function doomed(p,   i, q, kind, container) {
  kind = (p in KIND) ? KIND[p] : ""
  container = kind ~ /^(object|table|implicit|dotted)$/
  for (i = 1; i <= DROPS; i++) if (p == DROP[i] || below(p, DROP[i])) {
    for (q = p; q == DROP[i] || below(q, DROP[i]); q = up(q)) if (!(q in NEED)) return 1
    return (p in SETTYPE) ? kind ~ /^(object|array|table|tables)$/ : !container
  }
  return 0
}

# What the last set wrote and this one drops is not foreign: it goes, or is what it was again, before anything is cut and recorded.
# Its record stays: a run can be killed before the file is replaced.
function retire(   i, m, p) {
  split("", GONE); FREE = 0
  for (i = 1; i <= R; i++) {
    p = rPath[i]
    if (rVerb[i] !~ /^(put|was)$/ || !(p in MEMBER) || !doomed(p) || !mine(p, content(p))) continue
    m = MEMBER[p]
    if (rVerb[i] == "was") edit(mVal[m], mEnd[m] - mVal[m] + 1, rA[i])
    else GONE[m] = i
  }
  for (m = 1; m <= M; m++) if (m in GONE) take_out(m, GONE[m])
}

function cut_foreign(   m, from, to, k, end, anchor) {
  end = 0
  split("", GONE); split("", HELD)
  for (m = 1; m <= M; m++) {
    if (mKey[m] <= end || !doomed(mPath[m])) continue
    GONE[m] = 1
    if (substr(mHost[m], 1, 1) == "#") {
      # A statement or a header goes with its line; its place is told from what stands above it.
      anchor = mAbove[m]; k = mAboveEnd[m]
      if (anchor in HELD) { k = HELD_END[anchor]; anchor = HELD[anchor] }
      HELD[mId[m]] = anchor; HELD_END[mId[m]] = k
      from = blank_start(mKey[m]); to = mLine[m] - 1
      cut(from, to, mPath[m], anchor, k)
    } else {
      for (k = mPrev[m]; k && (k in GONE); k = mPrev[k]) ;
      anchor = k ? mId[k] : mHost[m] "{"
      from = blank_start(mKey[m]); to = mComma[m] ? mComma[m] : mEnd[m]
      # A member with lines of its own goes with them, any other with the blanks on one side.
      if (break_before(from) && break_at(blank_end(to + 1))) { to = blank_end(to + 1); to += break_at(to) - 1 }
      else if (mComma[m]) { from = mKey[m]; to = blank_end(to + 1) - 1 }
      if (from <= end) from = end + 1
      if (!mComma[m] && k && mComma[k]) cut(mComma[k], mComma[k], mPath[m], anchor, mEnd[k] + 1)
      cut(from, to, mPath[m], anchor, k ? mEnd[k] + 1 : OPEN[mHost[m]] + 1)
    }
    end = to
  }
  sort_edits()
  record_cuts()
}

function cut(from, to, p, anchor, end) {
  edit(from, to - from + 1, "")
  eAnchor[EDITS] = anchor; eEnd[EDITS] = end; ePath[EDITS] = p; NEW["cut" p] = 1
}

# The place of a cut is its anchor and what stands between the two, without other cuts.
function record_cuts(   i, e, at, gap, anchor) {
  anchor = ""
  for (i = 1; i <= EDITS; i++) {
    e = ORDER[i]
    if (eAnchor[e] != anchor) { anchor = eAnchor[e]; at = eEnd[e]; gap = "" }
    gap = gap slice(at, eAt[e] - 1)
    at = eAt[e] + eOut[e]
    record("cut", ePath[e], sum(gap), anchor, length(gap), slice(eAt[e], at - 1))
  }
}

# ---------------------------------------------------------------------------------------------------------------
# set, second pass: values are replaced where they are, or put in.

function set_values(   i, p, q, old) {
  find_style()
  split("", DONE); MISSING = 0
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    for (q = up(p); ; q = up(q)) {
      if ((q in KIND) && KIND[q] !~ /^(object|table|implicit|dotted)$/) return fail(WHERE[q], "not a table: " q)
      if (q == "") break
    }
    if (!(p in KIND)) { MISS[++MISSING] = p; continue }
    if (!(p in MEMBER) || KIND[p] ~ /^(object|array|table)/) return fail(WHERE[p], "not a single value: " p)
    old = content(p)
    if (old == target(p)) continue
    edit(mVal[MEMBER[p]], mEnd[MEMBER[p]] - mVal[MEMBER[p]] + 1, literal(p))
    NEW[p] = 1
    if (!mine(p, old)) record("was", p, sum_of(p, target(p)), slice(mVal[MEMBER[p]], mEnd[MEMBER[p]]), "", "")
    # With the sum of what it replaces, too: the record is written before the file, and a run can be killed between the two.
    else { q = OURS[p]; record(rVerb[q], p, sum_of(p, target(p)) "," sum_of(p, old), rA[q], rB[q], rC[q]) }
  }
  if (MISSING) { if (format == "toml") insert_toml(); else insert_json() }
}

function target(p) { return SETTYPE[p] "\t" SETVALUE[p] }
function literal(p) { return SETTYPE[p] == "string" ? quote(SETVALUE[p]) : SETVALUE[p] }
function sum_of(p, text) { return sum(p "\t" text) }

# Is this content what the last set wrote, or the one before?
function mine(p, text) { return (p in OURS) && rVerb[OURS[p]] != "box" && index("," rSum[OURS[p]] ",", "," sum_of(p, text) ",") }

# Puts in a member of a container that has braces: records it and gives its text. gap is what stands before each key.
function fresh(p, gap,   i, c, out, inner, text) {
  text = p == "" ? "" : written(name_of(p)) COLON
  if (p in SETTYPE) return text literal(p)
  inner = gap ~ /[\r\n]/ ? gap UNIT : COLON ~ / $/ ? " " : ""
  out = ""
  for (i = 1; i <= SETS; i++) {
    if (!below(SET[i], p) || ((c = step(SET[i], p)) in DONE)) continue
    DONE[c] = 1
    enter(c, inner, "")
    out = out (out == "" ? (inner ~ /[\r\n]/ || format == "toml" ? inner : "") : "," inner) fresh(c, inner)
  }
  return text "{" out (gap ~ /[\r\n]/ ? gap : format == "toml" ? " " : "") "}"
}

function enter(p, before, after) { NEW[p] = 1; record((p in SETTYPE) ? "put" : "box", p, (p in SETTYPE) ? sum_of(p, target(p)) : "", before, after, "") }

function written(name) { return format == "toml" && name ~ /^[A-Za-z0-9_-]+$/ ? name : quote(name) }

function insert_json(   i) {
  if (!("" in KIND)) {
    enter("", "", LEN[G] ? "" : EOL)
    edit(1, 0, fresh("", EOL) (LEN[G] ? "" : EOL))
  } else for (i = 1; i <= MISSING; i++) if (!(MISS[i] in DONE)) add_members(nearest(MISS[i]))
}

# The deepest container on the way to p that is there.
function nearest(p) {
  do p = up(p); while (!(p in KIND))
  return p
}

# Puts all that is missing in the container a behind its last member.
function add_members(a,   m, at, gap, tail, lead, i, n, c, text, multi) {
  m = LAST[a]; tail = ""
  if (m) {
    COLON = colon(m)
    lead = slice((mPrev[m] ? mComma[mPrev[m]] : OPEN[a]) + 1, mKey[m] - 1)
    at = after_comments(mEnd[m] + 1, 0)
    if (RUNS_ON || lead ~ /[\r\n]/) gap = EOL indent_at(mKey[m])
    else gap = mPrev[m] && lead ~ /^[ \t]*$/ ? lead : format == "toml" || COLON ~ / $/ ? " " : ""
    edit(mEnd[m] + 1, 0, ",")
  } else {
    at = after_comments(OPEN[a] + 1, 1)
    lead = slice(OPEN[a] + 1, CLOSE[a] - 1)
    multi = format != "toml" && (a == "" || RUNS_ON || lead ~ /[\r\n]/ || break_before(blank_start(mKey[MEMBER[a]])))
    gap = multi ? EOL indent_at(OPEN[a]) UNIT : lead ~ /^[ \t]+$/ ? lead : format == "toml" ? " " : ""
    lead = slice(at, CLOSE[a] - 1)
    if (multi) tail = lead ~ /[\r\n]/ ? "" : EOL indent_at(OPEN[a])
    else tail = format == "toml" && lead == "" ? " " : ""
  }
  text = ""; n = 0
  for (i = 1; i <= MISSING; i++) if (host_of(MISS[i]) == a) {
    c = nearest(MISS[i]) == a ? step(MISS[i], a) : MISS[i]
    if (c in DONE) continue
    DONE[c] = 1
    CS[++n] = c
  }
  # The inner calls of fresh() write their records between, so the order of a container stays that of the text.
  for (i = 1; i <= n; i++) {
    c = CS[i]
    enter(c, gap, i == n ? tail : "")
    text = text (i > 1 ? "," : "") gap (up(c) == a ? fresh(c, gap) : dotted(c, a) COLON literal(c))
  }
  edit(at, 0, text tail)
}

# Where a missing pointer goes: a container with braces, a section ("#2"), or a section to be made ("+/a/b").
function host_of(p,   a) {
  a = nearest(p)
  if (KIND[a] == "object") return a
  if (KIND[a] == "dotted") return HOST[a]
  if (KIND[a] == "table" && a == up(p)) return INSIDE[a]
  return "+" up(p)
}

function dotted(p, top,   out) {
  for (out = ""; p != top; p = up(p)) out = written(name_of(p)) (out == "" ? "" : ".") out
  return out
}

function insert_toml(   i, h, last) {
  for (i = 1; i <= MISSING; i++) {
    h = host_of(MISS[i])
    if (h ~ /^#/) add_line(MISS[i], h)
    else if (h ~ /^\// && !(MISS[i] in DONE)) add_members(h)
  }
  last = ""
  for (i = 1; i <= MISSING; i++) if ((h = host_of(MISS[i])) ~ /^[+]/ && !(h in DONE)) { last = add_section(h, last); DONE[h] = 1 }
}

function unfinished() { return LEN[G] && slice(LEN[G], LEN[G]) != "\n" }

# A statement below the last one of its section, in its indentation.
function add_line(p, s,   m, at, before, after) {
  m = (s in LAST) ? LAST[s] : s == "#0" ? 0 : MEMBER[BASE[s]]
  at = m ? mLine[m] : SECTIONS ? 1 : LEN[G] + 1
  before = m ? slice(blank_start(mKey[m]), mKey[m] - 1) : ""
  after = EOL
  if (at > LEN[G] && unfinished()) { before = EOL before; after = "" }
  COLON = (s in LAST) ? colon(LAST[s]) : " = "
  enter(p, before, after)
  edit(at, 0, before dotted(p, BASE[s]) COLON literal(p) after)
}

# A new section at the end of the file.
function add_section(h, follows,   i, p, lead, end) {
  p = substr(h, 2)
  end = unfinished() ? "" : EOL
  lead = EOL
  if (end == "") lead = EOL EOL
  else if (!follows && (LEN[G] == 0 || slice(LEN[G] - 2, LEN[G]) ~ /\n\r?\n$/)) lead = ""
  enter(p, lead, end)
  lead = lead "[" dotted(p, "") "]" end
  for (i = 1; i <= MISSING; i++) if (up(MISS[i]) == p) {
    enter(MISS[i], end == "" ? EOL : "", end)
    lead = lead (end == "" ? EOL : "") written(name_of(MISS[i])) " = " literal(MISS[i]) end
  }
  edit(LEN[G] + 1, 0, lead)
  return 1
}

# Records of the last set stay good where this one wrote none.
function carry_records(   i) {
  for (i = 1; i <= R; i++) {
    if (((rVerb[i] == "cut" ? "cut" : "") rPath[i]) in NEW) continue
    if (rVerb[i] != "box" || (rPath[i] in KIND)) record(rVerb[i], rPath[i], rSum[i], rA[i], rB[i], rC[i])
  }
}

# ---------------------------------------------------------------------------------------------------------------
# undo, first pass: our values go, or go back to what they were; containers that we made go when nothing else is in them.

function take_back(   i, m, p) {
  split("", GONE)
  for (i = 1; i <= R; i++) {
    p = rPath[i]
    if (rVerb[i] == "cut" || rVerb[i] == "box" || !(p in MEMBER)) continue
    m = MEMBER[p]
    if (!mine(p, content(p))) tell("kept " p)
    else if (rVerb[i] == "was") edit(mVal[m], mEnd[m] - mVal[m] + 1, rA[i])
    else GONE[m] = i
  }
  for (i = R; i; i--) if (rVerb[i] == "box" && (rPath[i] in MEMBER) && (rPath[i] in INSIDE) && hollow(rPath[i])) GONE[MEMBER[rPath[i]]] = i
  FREE = 0
  for (m = 1; m <= M; m++) if ((m in GONE) && mKey[m] >= FREE) take_out(m, GONE[m])
}

# Nothing but ours is in it. A comment in braces is not ours.
function hollow(p,   h, m, at, rest) {
  h = INSIDE[p]; rest = ""
  if (substr(h, 1, 1) != "#") at = OPEN[p] + 1
  for (m = FIRST[h]; m && m <= M; m++) if (mHost[m] == h) {
    if (!(m in GONE)) return 0
    if (at) { rest = rest slice(at, mKey[m] - 1); at = mEnd[m] + 1 }
  }
  if (at) rest = rest slice(at, CLOSE[p] - 1)
  return rest ~ /^[ \t\r\n,]*$/
}

function take_out(m, i,   from, to, k, n, comma) {
  from = mKey[m] - length(rA[i]); to = mEnd[m] + length(rB[i])
  if (slice(from, mKey[m] - 1) != rA[i]) from = 0
  if (slice(mEnd[m] + 1, to) != rB[i]) to = mEnd[m]
  if (mHost[m] == "#top") from = mKey[m]
  else if (substr(mHost[m], 1, 1) == "#") {
    if (!from) from = blank_start(mKey[m])
    if (to == mEnd[m] && break_before(from) && (n = break_at(blank_end(to + 1)))) to = blank_end(to + 1) + n - 1
  } else {
    # Of the commas around it the one behind goes if something stays behind, else the one before.
    comma = mComma[m]
    if (!stays(m, mNext) && stays(m, mPrev)) comma = mComma[mPrev[m]]
    if (!from) {
      # Laid out anew since: it goes with its own line, or with the blanks behind it.
      k = blank_end((mComma[m] ? mComma[m] : mEnd[m]) + 1)
      from = blank_start(mKey[m])
      from = break_at(k) || k == CLOSE[mHost[m]] ? from - break_before(from) : mKey[m]
    }
    if (comma == to + 1) to++
    else if (comma) edit(comma, 1, "")
  }
  if (from < FREE) from = FREE
  FREE = to + 1
  edit(from, to - from + 1, "")
}

# The nearest member on one side that is not taken out.
function stays(m, side) {
  do m = side[m]; while (m && (m in GONE))
  return m
}

# undo, second pass: what was cut goes back to its place, all of a place or nothing.
function put_back(   i, m, p, n) {
  for (m = 1; m <= M; m++) if ((mId[m] in ANCHOR) && substr(mHost[m], 1, 1) != "#") ANCHOR[mId[m]] = mEnd[m] + 1
  for (p in OPEN) ANCHOR[p "{"] = OPEN[p] + 1
  ANCHOR["^"] = 1
  for (i = 1; i <= R; i++) if (rVerb[i] == "cut") {
    n = ANCHOR[rA[i]]
    if (!n || (rPath[i] in KIND) || sum(slice(n, n + rB[i] - 1)) != rSum[i]) ANCHOR[rA[i]] = 0
  }
  for (i = 1; i <= R; i++) if (rVerb[i] == "cut") {
    if (!ANCHOR[rA[i]]) lose(rPath[i])
    else edit(ANCHOR[rA[i]] + rB[i], 0, rC[i])
  }
}

function lose(p) { if (!(p in LOST)) { LOST[p] = 1; tell((p in KIND ? "kept " : "lost ") p) } }

# ---------------------------------------------------------------------------------------------------------------
# The whole. run() leaves the result in generation G, records in RECORD, messages in MESSAGE, and gives the exit code.

function tell(s) { MESSAGE[++MESSAGES] = one_line(s) }

function refuse(code, s) { tell("edit: " s); return code }

function start(   i, c) {
  SIZE = 512; LOW = 300
  for (i = 1; i < 256; i++) ORD[sprintf("%c", i)] = i
  LETTER["b"] = "\b"; LETTER["f"] = "\f"; LETTER["n"] = "\n"; LETTER["r"] = "\r"; LETTER["t"] = "\t"
  LETTER["\""] = "\""; LETTER["\\"] = "\\"; LETTER["/"] = "/"
  for (c in LETTER) if (c != "/") SHORT[LETTER[c]] = "\\" c
  HOUR = "([01][0-9]|2[0-3])"; TIME = HOUR ":[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
  DATE = "[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
  split("", WANT); split("", SILENT); split("", NEED); split("", KEYS); split("", CHILD); split("", SETTYPE); split("", ANCHOR)
  split("", OURS); split("", NEW); split("", LOST); split("", E)
  SETS = DROPS = R = RECORDS = MESSAGES = EDITS = ASKED = DIFFERENT = 0; WHY = ""
}

function read_plan(   i, f, n, verb, p, v) {
  wanted("")
  for (i = 1; i <= PLANNED; i++) {
    if (PLAN[i] == "" || PLAN[i] ~ /^crossfade-undo\t/) continue
    n = split(PLAN[i], f, "\t"); verb = f[1]; p = f[2] ""
    if (mode == "undo") { read_record(PLAN[i]); continue }
    if (n < 2 || (p != "" && p !~ /^\//) || p ~ /~([^01]|$)/) return 0
    wanted(p)
    if (mode == "get" && (verb == "get" || verb == "keys")) {
      ASK[++ASKED] = p; ASKVERB[ASKED] = verb
      if (verb == "keys") KEYS[p] = 0
    } else if (mode == "set" && p != "" && verb == "drop") { DROP[++DROPS] = p; SILENT[p] = 1 }
    else if (mode == "set" && p != "" && verb == "set" && n > 3) {
      v = substr(PLAN[i], length(f[1] f[2] f[3]) + 4)
      if ((p in SETTYPE) || !(f[3] == "string" || (f[3] == "bool" && v ~ /^(true|false)$/) || (f[3] == "int" && v ~ /^(0|-?[1-9][0-9]*)$/ && length(v) < 19))) return 0
      SET[++SETS] = p; SETTYPE[p] = f[3]; SETVALUE[p] = v; SILENT[p] = 1
    } else return 0
  }
  for (i = 1; i <= SETS; i++) for (p = up(SET[i]); p != ""; p = up(p)) { if (p in SETTYPE) return 0; NEED[p] = 1 }
  for (p in SETTYPE) NEED[p] = 1
  if (mode == "undo") for (i = 1; i <= R; i++) {
    wanted(rPath[i])
    if (rVerb[i] != "box") SILENT[rPath[i]] = 1
    if (rVerb[i] == "cut") ANCHOR[rA[i]] = 0
  }
  if (mode == "set") {
    for (i = 1; i <= BEFORES; i++) read_record(BEFORE[i])
    for (i = 1; i <= R; i++) for (n = 1; n <= DROPS; n++) if (rVerb[i] != "cut" && (rPath[i] == DROP[n] || below(rPath[i], DROP[n]))) wanted(rPath[i])
  }
  return 1
}

function run() {
  if (!read_plan()) return refuse(2, "the plan is not understood")
  if (!parse(0, mode == "set" || mode == "undo")) return refuse(3, FILE ":" WHY)
  LISTED_EVENTS = EVENTS
  if (mode == "get") answer()
  if (mode == "get" || mode == "check") return 0
  return mode == "set" ? set_all() : undo_all()
}

function set_all(   m) {
  retire()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  cut_foreign()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  set_values()
  if (WHY != "") return refuse(3, FILE ":" WHY)
  if (EDITS) { apply(); G++ }
  if (!G) return 1
  if (!verified(G)) return refuse(4, FILE ": the result did not stand the check")
  for (m = 1; m <= SETS; m++) if (content(SET[m]) != target(SET[m])) return refuse(4, FILE ": a value is not in the result")
  for (m = 1; m <= M; m++) if (doomed(mPath[m])) return refuse(4, FILE ": a dropped key is in the result")
  carry_records()
  return 0
}

function verified(g) { return parse(g, 2) && !DIFFERENT && EVENTS == LISTED_EVENTS }

function undo_all(   i, g) {
  take_back()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  else parse(0, 0)
  g = G
  put_back()
  if (EDITS) {
    apply()
    if (verified(g + 1)) return 0
    # What was dropped does not fit any more; the rest of the undo does.
    WHY = ""; DIFFERENT = 0
    for (i = 1; i <= R; i++) if (rVerb[i] == "cut") lose(rPath[i])
  }
  if (!verified(g)) return refuse(4, FILE ": the result did not stand the check")
  return g ? 0 : 1
}

function answer(   i, j) {
  for (i = 1; i <= ASKED; i++) {
    if (ASKVERB[i] == "get") show(ASK[i])
    else for (j = 1; j <= KEYS[ASK[i]]; j++) show(CHILDREN[ASK[i], j])
  }
}

function show(p,   c) {
  c = content(p)
  if (c == "") c = "absent\t"
  sub(/^(table|implicit|dotted)\t/, "object\t", c); sub(/^tables\t/, "array\t", c)
  print p "\t" substr(c, 1, index(c, "\t")) one_line(substr(c, index(c, "\t") + 1))
}

# ---- entry ----------------------------------------------------------------------------------------------------
# The plan comes from stdin, the file is read in END, so that its name may be any name.

BEGIN { FILE = ARGV[2]; ARGV[2] = ""; start() }

{ PLAN[++PLANNED] = $0 }

END { exit main() }

function main(   i, code) {
  if (ARGC != 3 || format !~ /^(jsonc?|toml)$/ || mode !~ /^(set|undo|get|check)$/) code = refuse(2, "wrong use")
  else if (length("\303\251") != 2) code = refuse(2, "run with LC_ALL=C")
  else if (!load()) code = refuse(3, FILE ":1:1: " WHY)
  else code = run()
  for (i = 1; i <= MESSAGES; i++) print MESSAGE[i] | "cat 1>&2"
  if (code == 0 && mode == "set") {
    print "crossfade-undo\t1\t" format > undo
    for (i = 1; i <= RECORDS; i++) print RECORD[i] > undo
    if (close(undo)) return 4
  }
  if (code == 0 && (mode == "set" || mode == "undo")) for (i = 1; i <= PIECES[G]; i++) printf "%s", X[G, i]
  if (word != "") {
    print code " " (code ? 0 : LEN[G]) " " RECORDS + 1 > word
    close(word)
  }
  return code
}

# Reads the file in one go. Some awks stop at a NUL byte: then more records end on the last byte seen than it has.
function load(   text, line, n, c) {
  if (before != "") { while ((getline line < before) > 0) BEFORE[++BEFORES] = line; close(before) }
  if (absent) { store(0, ""); return 1 }
  RS = "\001"; text = ""; n = 0
  while ((c = (getline line < FILE)) > 0) if (++n == 1) text = line
  close(FILE)
  if (c < 0) { WHY = "cannot be read"; return 0 }
  c = sprintf("%c", 0)
  if (n > 1 || (n && text == "") || (length(c) && index(text, c))) WHY = "a control character"
  if (n == 1 && text != "") {
    RS = substr(text, length(text))
    for (n = 0; (getline line < FILE) > 0; n++) ;
    close(FILE)
    store(0, text); G = 0
    if (n != times(RS)) WHY = "a control character"
  } else store(0, text)
  if (text ~ /^(\376\377|\377\376)/) WHY = "UTF-16"
  if (substr(text, 1, 3) == "\357\273\277") WHY = "a byte order mark"
  return WHY == ""
}

function times(c,   i, j, s, n) {
  n = 0
  for (i = 1; i <= PIECES[0]; i++) for (s = X[0, i]; j = index(s, c); s = substr(s, j + 1)) n++
  return n
}
