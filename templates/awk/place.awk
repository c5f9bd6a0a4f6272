# ---------------------------------------------------------------------------------------------------------------
# Mode set: where new keys go, and in which style.

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

# The blanks at the start of the line that holds a byte.
function indent_at(at,   a, s) {
  for (a = at; a > 1 && at - a < 4096; a--) if (slice(a - 1, a - 1) ~ /[\r\n]/) break
  s = slice(a, at - 1)
  match(s, /^[ \t]*/)
  return substr(s, 1, RLENGTH)
}

# The end of the comments that follow on the line; with lines, of all that follow. Sets RUNS_ON if the last one ends with its line.
function after_comments(at, lines,   end) {
  RUNS_ON = 0; end = at
  if (format != "jsonc") return end
  for (seek(at); ; ) {
    if (match(W, lines ? "^[ \t\r\n]+" : "^[ \t]+")) eat(RLENGTH)
    else if (W ~ /^\/[\/*]/) { RUNS_ON = W ~ /^\/\//; comment(); end = AT }
    else return end
  }
}

# Puts everything that is missing in the container a behind its last member.
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

# A statement below the last one of its section, with the same indentation.
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
