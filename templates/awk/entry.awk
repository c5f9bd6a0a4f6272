# ---------------------------------------------------------------------------------------------------------------
# Entry. The plan comes from stdin; the file is read in END, so that it may have any name.

BEGIN { FILE = ARGV[2]; ARGV[2] = ""; start() }

{ PLAN[++PLANNED] = $0 }

END { exit main() }

function main(   i, code) {
  if (ARGC != 3 || format !~ /^(jsonc?|toml)$/ || !knows_mode()) code = refuse(2, "wrong use")
  else if (length("\303\251") != 2) code = refuse(2, "run with LC_ALL=C")
  else if (!load()) code = refuse(3, FILE ":1:1: " WHY)
  else code = run()
  for (i = 1; i <= MESSAGES; i++) print MESSAGE[i] | "cat 1>&2"
  if (code == 0 && (mode == "set" || mode == "undo")) printf "%s", MARK
  if (code == 0 && (mode == "set" || mode == "undo")) for (i = 1; i <= PIECES[G]; i++) printf "%s", X[G, i]
  if (status != "") {
    print code " " (code ? 0 : LEN[G] + length(MARK)) " " RECORDS + 1 > status
    close(status)
  }
  return code
}
