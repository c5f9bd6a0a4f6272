# ---------------------------------------------------------------------------------------------------------------
# Plans. That of the modes same and set: "set POINTER string|bool|int VALUE" is the value that a key shall have; "drop POINTER" says that
# at and below it there shall be only what the plan sets; "keep POINTER" that a table there stays, and is not set;
# "join POINTER" that the value of the plan goes behind what is there, after a comma; "kind POINTER string|number|whole|count|boolean|list|
# object|strings" that its reader takes the file for broken where something else is there (strings: a table of them; texts: a list; int: written
# as one; whole: one from 0; count: one from 1; small: one from 0 to 59999; positive: digits as a text, not from 0; nothing: it must not be there;
# ^NAME^NAME: a table with one of these; &NAME&NAME: with all of them; WORD|WORD|{object}|{/TABLE}: one of these words, a value of a kind in
# braces, or a name in a table; a star stands for any name without a row), "only POINTER KEY KEY..." where it has another key,
# "form POINTER WORDS VARIANTS" where it is neither one of the words nor a table with one of the variants and no other: each
# is NAME:KEY,KEY=WORD|WORD with the keys that it needs, and what they may be.

function read_rows(   i, f, n, p, v) {
  for (i = 1; i <= PLANNED; i++) {
    if (PLAN[i] == "") continue
    n = split(PLAN[i], f, "\t"); p = f[2] ""
    if (n < 2 || p == "" || !is_pointer(p)) return 0
    wanted(p)
    if (f[1] == "drop") { DROP[++DROPS] = p; SILENT[p] = 1 }
    else if (f[1] == "keep") KEEP[p] = 1
    else if (f[1] == "join") JOIN[p] = 1
    else if (f[1] == "kind" && n == 3) {
      if (p !~ /[*]/) KINDS[p] = f[3]
      else for (STAR[p] = f[3]; (p = up(p)) ~ /[*]/; ) if (!(p in STAR)) STAR[p] = "any"
    }
    else if (f[1] == "only" && n == 3) ONLY[p] = " " f[3] " "
    else if (f[1] == "form" && n == 4) { WORDS[p] = f[3]; FORM[p] = f[4]; want_form(p, f[4]) }
    else if (f[1] == "set" && n > 3) {
      v = substr(PLAN[i], length(f[1] f[2] f[3]) + 4)
      if ((p in SETTYPE) || !(f[3] == "string" || (f[3] == "bool" && v ~ /^(true|false)$/) || (f[3] == "int" && v ~ /^(0|-?[1-9][0-9]*)$/ && length(v) < 19))) return 0
      SET[++SETS] = p; SETTYPE[p] = f[3]; SETVALUE[p] = v; SILENT[p] = 1
    } else return 0
  }
  for (i = 1; i <= SETS; i++) for (p = up(SET[i]); p != ""; p = up(p)) { if (p in SETTYPE) return 0; NEED[p] = 1 }
  for (p in SETTYPE) NEED[p] = 1
  return 1
}

# What ends with our value is as planned where it is to be joined.
function accept_joined(   i, p, v) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]; v = content(p)
    if ((p in JOIN) && v ~ /^string\t/ && ends(substr(v, 8), SETVALUE[p])) SETVALUE[p] = substr(v, 8)
  }
}

function ends(v, ours) { return v == ours || (length(v) > length(ours) && substr(v, length(v) - length(ours)) == "," ours) }

# Takes out of the plan what a table that is to be kept stands in for.
function keep_tables(   i, n, p) {
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    if ((p in KEEP) && (p in KIND) && KIND[p] ~ /^(object|table|implicit|dotted)$/) delete SETTYPE[p]
    else SET[++n] = p
  }
  SETS = n + 0
}

# What is of another kind, or a key that is not to be there: the first in the file, or "".
function odd_one(   p, q, k, w, i, n) {
  ODD = ""
  for (q in ONLY) for (p in KIND) if (up(p) == q && !index(ONLY[q], " " name_of(p) " ")) odd_at((p in WHERE) ? p : q, "an unknown key below " q)
  for (p in FORM) if ((p in KIND) && misformed(p)) odd_at(p, "is not of a form that its reader knows: " p)
  for (p in KINDS) if (p in KIND) {
    k = KIND[p]; w = KINDS[p]
    if (w == "texts" ? k == "array" : w == "strings" && k !~ /^(string|int|float|bool|date|null|array|tables)$/) {
      for (q in KIND) if (q != "" && up(q) == p && KIND[q] !~ /^(string|date)$/) odd_at(p, "must hold strings only: " p)
      continue
    }
    if (w == k || w == "any") continue
    k = k ~ /^(int|float)$/ ? "number" : k == "bool" ? "boolean" : k ~ /^(array|tables)$/ ? "list" : k ~ /^(table|implicit|dotted)$/ ? "object" : k
    if (w ~ /[|]/ && has_word(w, "|", k == "string" ? substr(content(p), 8) : "{" k "}")) continue
    q = "/" reference(substr(content(p), 8))
    if (match(w, /[{]\/[^}]*/) && ((substr(w, RSTART + 1, RLENGTH - 1) q) in KIND)) continue
    if (w == "positive" && content(p) ~ /^string\t[1-9][0-9]*$/) continue
    if (w == "small" && content(p) ~ /^(int|float)\t[0-5]?[0-9]?[0-9]?[0-9]?[0-9]([.][0-9]+)?$/) continue
    if (k == "number" && ((w == "whole" && content(p) ~ /^int\t[+]?[0-9]/) || (w == "count" && content(p) ~ /^int\t[1-9]/))) continue
    if (w ~ /^[&^]/ && k == "object") {
      n = i = split(w, WORD, substr(w, 1, 1))
      for (n = w ~ /^&/ ? 2 - n : 0; i > 1; i--) n += (p "/" WORD[i]) in KIND
      if (n == 1) continue
    }
    if (k != w) odd_at(p, "must be of type " w ": " p)
  }
  return ODD
}

# Rows for what the file has where a row has a star; with lines inside, since nothing of that is edited. Reads the file again where there are any.
function unstar(   p, q, i, s, n) {
  do {
    n = 0
    for (p in STAR) {
      i = index(p, "*") - 1; s = p
      gsub(/[*]/, "[^/]+", s)
      for (q in KIND) if (substr(q, 1, i) == substr(p, 1, i) && !(q in KINDS) && q ~ ("^" s "$")) {
        KINDS[q] = STAR[p]; n++
        if (!(q in WANT)) WANT[q] = 2
      }
    }
    if (n && parse(0, mode == "set")) LISTED_EVENTS = EVENTS
  } while (n && WHY == "")
  return WHY == ""
}

function want_form(p, variants,   v, k, i, j) {
  for (i = split(variants, v, " "); i; i--) {
    j = index(v[i], ":")
    for (k = split(substr(v[i], j + 1), KEY, ","); k; k--) { sub(/=.*/, "", KEY[k]); wanted(p "/" substr(v[i], 1, j - 1) "/" KEY[k]) }
  }
}

function misformed(p,   q, n, name, v, i, k, at) {
  if (KIND[p] == "string") return !has_word(WORDS[p], " ", substr(content(p), 8))
  n = 0
  for (q in KIND) if (q != "" && up(q) == p) { n++; name = name_of(q) }
  if (n != 1) return 1
  for (i = split(FORM[p], v, " "); i; i--) if (substr(v[i], 1, length(name) + 1) == name ":") {
    for (k = split(substr(v[i], length(name) + 2), KEY, ","); k; k--) {
      at = index(KEY[k], "=")
      q = p "/" name "/" (at ? substr(KEY[k], 1, at - 1) : KEY[k])
      if (!(q in KIND) || (at && !has_word(substr(KEY[k], at + 1), "|", substr(content(q), 8)))) return 1
    }
    return 0
  }
  return 1
}

function has_word(list, between, word,   i) {
  for (i = split(list, WORD, between); i && WORD[i] != word; i--) ;
  return i
}

# Of two at one place the first by its words.
function odd_at(p, why,   at) {
  at = WHERE[p] + 0
  if (ODD == "" || at < ODD_AT || (at == ODD_AT && why < ODD)) { ODD = why; ODD_AT = at }
}

function odd() { return refuse(3, FILE ":" place(ODD_AT) ": " ODD) }

# The last part of a pointer, as plain text.
function name_of(p) {
  sub(/^.*\//, "", p); gsub(/~1/, "/", p); gsub(/~0/, "~", p)
  return p
}

function target(p) { return SETTYPE[p] "\t" SETVALUE[p] }

# Whether a drop of the plan removes what is at this pointer.
function doomed(p,   i, q, kind, container) {
  kind = (p in KIND) ? KIND[p] : ""
  container = kind ~ /^(object|table|implicit|dotted)$/
  for (i = 1; i <= DROPS; i++) if (p == DROP[i] || below(p, DROP[i])) {
    for (q = p; q == DROP[i] || below(q, DROP[i]); q = up(q)) if (!(q in NEED)) return 1
    return (p in SETTYPE) ? kind ~ /^(object|array|table|tables)$/ : !container
  }
  return 0
}

function below(p, top) { return p != top && substr(p, 1, length(top) + 1) == top "/" }

function is_pointer(p) { return (p == "" || p ~ /^\//) && p !~ /~([^01]|$)/ }
