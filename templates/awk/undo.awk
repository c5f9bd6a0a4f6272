# ---------------------------------------------------------------------------------------------------------------
# Mode undo. Plan: the record that set wrote. Takes back what is still as set wrote it, and prints the file.
# stderr: "kept POINTER" for what was changed since, "lost POINTER" for a dropped key whose place no longer exists.

function read_records(   i) {
  for (i = 1; i <= PLANNED; i++) if (PLAN[i] !~ /^crossfade-undo\t/) read_record(PLAN[i])
  for (i = 1; i <= R; i++) {
    wanted(rPath[i])
    if (rVerb[i] != "box") SILENT[rPath[i]] = 1
    if (rVerb[i] == "cut") ANCHOR[rA[i]] = 0
  }
  return 1
}

function undo_all(   i, g) {
  take_back()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  else parse(0, 0)
  g = G
  put_back()
  if (EDITS) {
    apply()
    if (verified(g + 1)) return 0
    # What was dropped no longer fits; the rest of the undo does.
    WHY = ""; DIFFERENT = 0
    for (i = 1; i <= R; i++) if (rVerb[i] == "cut") lose(rPath[i])
  }
  if (!verified(g)) return refuse(4, FILE ": the result did not stand the check")
  return g ? 0 : 1
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: our values are removed, or become what they were; containers that set made are removed when nothing else is in them.

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

# Whether nothing but ours is in it. A comment in braces is not ours.
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

# ---------------------------------------------------------------------------------------------------------------
# Second pass: what was cut goes back to its place; at each place everything or nothing.

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
