# ---------------------------------------------------------------------------------------------------------------
# Edits: at a byte, remove so many bytes and insert a text. apply() makes the next generation from them.

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

# Where the blanks begin that end just before a byte, and where those end that begin at it.
function blank_start(at,   s) { s = slice(at - 400, at - 1); match(s, /[ \t]*$/); return at - RLENGTH }
function blank_end(at) { match(slice(at, at + 400), /^[ \t]*/); return at + RLENGTH }

# The length of the line end just before a byte, or at it.
function break_before(at,   s) { s = slice(at < 3 ? 1 : at - 2, at - 1); return s ~ /\r\n$/ ? 2 : (s ~ /[\r\n]$/) }
function break_at(at,   s) { s = slice(at, at + 1); return s == "\r\n" ? 2 : (s ~ /^[\r\n]/) }

# ---------------------------------------------------------------------------------------------------------------
# Records: what the undo needs.

# Reads a record into verb rVerb, pointer rPath, checksum rSum and three texts.
function read_record(line,   f, i, n) {
  n = split(line, f, "\t")
  if (n < 6) return
  R++
  rVerb[R] = f[1]; rPath[R] = unescape(f[2]); rSum[R] = f[3]; rA[R] = unescape(f[4]); rB[R] = unescape(f[5]); rC[R] = unescape(f[6])
  if (f[1] != "cut") OURS[rPath[R]] = R
}

# A checksum that tells whether a value is still the one that was set; too short to give the value away.
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}

function sum_of(p, text) { return sum(p "\t" text) }

# Whether this content is what the last set wrote, or the one before.
function mine(p, text) { return (p in OURS) && rVerb[OURS[p]] != "box" && index("," rSum[OURS[p]] ",", "," sum_of(p, text) ",") }

# ---------------------------------------------------------------------------------------------------------------
# Removing members, for both set and undo.

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

# The nearest member on one side that is not removed.
function stays(m, side) {
  do m = side[m]; while (m && (m in GONE))
  return m
}

function verified(g) { return parse(g, 2) && !DIFFERENT && EVENTS == LISTED_EVENTS }
