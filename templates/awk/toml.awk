# ---------------------------------------------------------------------------------------------------------------
# TOML. A section is a header and the statements below it; "#0" is what stands above the first header.

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

function header(   at, list, p, m, n) {
  at = AT; list = substr(W, 1, 2) == "[["; p = ""; HUSH = 0
  for (eat(list + 1); ; eat(1)) {
    space(0)
    if (++n > 200) return fail(AT, "nested too deeply")
    p = p "/" part()
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

# A key of one or more parts below a table. Sets PATH; defines the tables on the way.
function toml_key(table, host,   at, n) {
  at = AT; PATH = table
  for (;; eat(1)) {
    space(0)
    if (++n > 200) return fail(AT, "nested too deeply")
    PATH = PATH "/" part()
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
  return reference(plain(TOK))
}

function toml_scalar(   at) {
  at = AT
  if (W ~ /^["\047]/) { toml_string(); TYPE = "string"; return }
  while (match(W, /^[-+.:0-9A-Za-z_]+/)) take(RLENGTH)
  if (TOK ~ /^[0-9][0-9][0-9][0-9]-[^T]*$/ && match(W, /^ [0-9][0-9]:[-+.:0-9A-Za-z]+/)) take(RLENGTH)
  if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK ~ /^([-+]?(0|[1-9](_?[0-9])*)|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$/) {
    TYPE = "int"
    if (!SPILT && TOK ~ /^[-+]?[1-9][0-9_]*$/ && too_large(TOK)) fail(at, "a number is too large")
  }
  else if (TOK ~ /^[-+]?((0|[1-9](_?[0-9])*)([.][0-9](_?[0-9])*)?([eE][-+]?[0-9](_?[0-9])*)?|inf|nan)$/) TYPE = "float"
  else if (TOK ~ /^[0-9][0-9]/ && TOK ~ ("^(" DATE "([Tt ]" TIME "([Zz]|[-+]" HOUR ":[0-5][0-9])?)?|" TIME ")$")) TYPE = "date"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

# Whether it has more than 64 bits, with which no reader takes the file.
function too_large(n) {
  gsub(/[-+_]/, "", n)
  return length(n) > 19 || (length(n) == 19 && (n "") > "9223372036854775807")
}

# A string of any of the four kinds.
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
