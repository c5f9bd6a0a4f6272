# ---------------------------------------------------------------------------------------------------------------
# Mode get. Plan: "get POINTER". Prints POINTER, type and value, with tabs between; in the value tab, line end and backslash are escaped.

function read_questions(   i, f, n) {
  for (i = 1; i <= PLANNED; i++) {
    if (PLAN[i] == "") continue
    n = split(PLAN[i], f, "\t")
    if (n < 2 || f[1] != "get" || !is_pointer(f[2] "")) return 0
    ASK[++ASKED] = f[2] ""
    wanted(ASK[ASKED])
  }
  return 1
}

function answer(   i, c) {
  for (i = 1; i <= ASKED; i++) {
    c = content(ASK[i])
    if (c == "") c = "absent\t"
    sub(/^(table|implicit|dotted)\t/, "object\t", c); sub(/^tables\t/, "array\t", c)
    print ASK[i] "\t" substr(c, 1, index(c, "\t")) one_line(substr(c, index(c, "\t") + 1))
  }
  return 0
}
