# ---------------------------------------------------------------------------------------------------------------
# Parsing. Pointers that matter (WANT: those of the plan and everything above them) get KIND, WHERE and, for containers, OPEN and
# CLOSE. Members of containers that matter are numbered 1..M: path, container, start and end of the key, start and end of the value,
# the comma after it, the member before it in the container. Every other value goes to the list E, which an edit must not change.

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

# A pointer is found for the first time.
function born(path, kind, at) {
  if (format == "toml" || (path in WANT) || (up(path) in WANT)) KIND[path] = kind
  if (path in WANT) WHERE[path] = at
}

# A value and everything inside it. Containers are kept on a stack: SK kind, SP path, SN elements, SM member, SH hush.
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
      # TOML 1.1 allows lines in an inline table; those that are edited are on one.
      lines = format != "toml" || SK[d] == "[" || !(SP[d] in WANT) || WANT[SP[d]] == 2
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

# A key and what separates it from its value. Returns the member, or 0 where it does not matter; sets PATH and HUSH.
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

# Skips white space, and with lines also line ends and comments.
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
