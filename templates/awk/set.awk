# ---------------------------------------------------------------------------------------------------------------
# Mode set. Plan: see above. Prints the new file. Variables: undo, a file for the record, which may hold values of the file as it was
# but none from the plan; before, the record of the last set, if there was one: then the new record leads back to the first original.

function read_settings(   line, i, n) {
  if (!read_rows()) return 0
  RS = "\n"
  if (before != "") { while ((getline line < before) > 0) BEFORE[++BEFORES] = line; close(before) }
  for (i = 1; i <= BEFORES; i++) read_record(BEFORE[i])
  for (i = 1; i <= R; i++) for (n = 1; n <= DROPS; n++) if (rVerb[i] != "cut" && (rPath[i] == DROP[n] || below(rPath[i], DROP[n]))) wanted(rPath[i])
  return 1
}

function set_all(   m) {
  if (!unstar()) return refuse(3, FILE ":" WHY)
  if (odd_one() != "") return odd()
  keep_tables()
  accept_joined()
  join_values()
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
  return save_record()
}

# Puts the owner's value before ours. Where ours has changed, the owner's is in the record; where the owner wrote behind ours, it is what
# is left without ours.
function join_values(   i, p, v) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]; v = content(p)
    if (!(p in JOIN) || v !~ /^string\t/ || v == target(p)) continue
    if (!mine(p, v)) {
      v = without(substr(v, 8), SETVALUE[p])
      if (("string\t" v) != content(p)) OWNERS[p] = v
    }
    else v = rVerb[OURS[p]] == "was" && rA[OURS[p]] ~ /^["\047]/ ? plain(rA[OURS[p]]) : ""
    if (v != "") SETVALUE[p] = v "," SETVALUE[p]
  }
}

# A list without one of its parts.
function without(list, ours,   i) {
  list = "," list ","
  while ((i = index(list, "," ours ",")) > 0) list = substr(list, 1, i) substr(list, i + length(ours) + 2)
  return substr(list, 2, length(list) - 2)
}

# Records of the last set that this one did not replace stay valid.
function carry_records(   i) {
  for (i = 1; i <= R; i++) {
    if (((rVerb[i] == "cut" ? "cut" : "") rPath[i]) in NEW) continue
    if (rVerb[i] != "box" || (rPath[i] in KIND)) record(rVerb[i], rPath[i], rSum[i], rA[i], rB[i], rC[i])
  }
}

function record(verb, p, check, a, b, c) { RECORDS++; RECORD[RECORDS] = verb "\t" one_line(p) "\t" check "\t" one_line(a) "\t" one_line(b) "\t" one_line(c) }

function save_record(   i) {
  if (undo == "") return 0
  print "crossfade-undo\t1\t" format > undo
  for (i = 1; i <= RECORDS; i++) print RECORD[i] > undo
  # Without a status the caller takes this for a full disk.
  if (close(undo)) { status = ""; return 4 }
  return 0
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: what drop names and the plan does not set is cut out.

# What the last set wrote and this one drops is not foreign: it is removed, or becomes what it was, before anything is cut and recorded.
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

# The place of a cut is its anchor and the text between the two, without other cuts.
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
# Second pass: values are replaced where they are, or put in.

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
    if (!mine(p, old)) record("was", p, sum_of(p, target(p)), (p in OWNERS) ? quote(OWNERS[p]) : slice(mVal[MEMBER[p]], mEnd[MEMBER[p]]), "", "")
    # With the sum of what it replaces, too: the record is written before the file, and a run can be killed between the two.
    else { q = OURS[p]; record(rVerb[q], p, sum_of(p, target(p)) "," sum_of(p, old), rA[q], rB[q], rC[q]) }
  }
  if (MISSING) { if (format == "toml") insert_toml(); else insert_json() }
}

function literal(p) { return SETTYPE[p] == "string" ? quote(SETVALUE[p]) : SETVALUE[p] }

# Puts in a member of a container that has braces: records it and returns its text. gap is what goes before each key.
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

function quote(s,   out, c) {
  for (out = ""; match(s, /["\\\001-\037\177]/); s = substr(s, RSTART + 1)) {
    c = substr(s, RSTART, 1)
    out = out substr(s, 1, RSTART - 1) ((c in SHORT) ? SHORT[c] : sprintf("\\u%04X", ORD[c]))
  }
  return "\"" out s "\""
}

# The pointer just below top on the way to p.
function step(p, top) {
  p = substr(p, length(top) + 2)
  sub(/\/.*/, "", p)
  return top "/" p
}

function insert_json(   i) {
  if (!("" in KIND)) {
    enter("", "", LEN[G] ? "" : EOL)
    edit(1, 0, fresh("", EOL) (LEN[G] ? "" : EOL))
  } else for (i = 1; i <= MISSING; i++) if (!(MISS[i] in DONE)) add_members(nearest(MISS[i]))
}

# The deepest container on the way to p that exists.
function nearest(p) {
  do p = up(p); while (!(p in KIND))
  return p
}
