# ---------------------------------------------------------------------------------------------------------------
# Text. It is kept in pieces of SIZE bytes, because awks are slow on long strings. X[g, i] is piece i of generation g: 0 is the
# file, each pass of edits makes the next. LEN[g] is the length in bytes.

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

# The lexer looks at W, a window on the text that begins at byte AT and holds at least LOW bytes.
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

# Moves n bytes to TOK. Tokens over 32 KB go to the list of values in pieces.
function take(n) {
  TOK = TOK substr(W, 1, n)
  eat(n)
  if (length(TOK) > 32768) { SPILT = 1; note(OWNER, substr(TOK, 1, 32768)); TOK = substr(TOK, 32769) }
}

# The first failure ends all reading: the window is emptied and stays empty.
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

# Reads the file in one go. Some awks stop at a NUL byte: then counting records that end with the last byte seen gives more than
# that text has of it.
function load(   text, line, n, c) {
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
  # Some CLIs read it, and it stays; others do not start with it.
  if (substr(text, 1, 3) == "\357\273\277") {
    if (format == "jsonc") WHY = "a byte order mark; save the file as UTF-8 without it"
    else { MARK = "\357\273\277"; store(0, substr(text, 4)) }
  }
  return WHY == ""
}

function times(c,   i, j, s, n) {
  n = 0
  for (i = 1; i <= PIECES[0]; i++) for (s = X[0, i]; j = index(s, c); s = substr(s, j + 1)) n++
  return n
}
