# ---------------------------------------------------------------------------------------------------------------
# Mode same. Plan: see above. Exit code 1 if the file is as the plan says, 0 if the mode set would change it; prints nothing.

function compare(   i, m, p, q, different) {
  if (!unstar()) return refuse(3, FILE ":" WHY)
  if (odd_one() != "") return odd()
  keep_tables()
  accept_joined()
  for (i = 1; i <= SETS; i++) {
    p = SET[i]
    for (q = up(p); q != ""; q = up(q)) if ((q in KIND) && KIND[q] !~ /^(object|table|implicit|dotted)$/ && !doomed(q)) return refuse(3, FILE ":" place(WHERE[q]) ": not a table: " q)
    if ((p in KIND) && (!(p in MEMBER) || KIND[p] ~ /^(object|array|table)/) && !doomed(p)) return refuse(3, FILE ":" place(WHERE[p]) ": not a single value: " p)
    if (content(p) != target(p)) different = 1
  }
  for (m = 1; m <= M; m++) if (doomed(mPath[m])) different = 1
  return !different
}
