# ---------------------------------------------------------------------------------------------------------------
# The whole. run() leaves the result in generation G, the record in RECORD, messages in MESSAGE, and returns the exit code.

function tell(s) { MESSAGE[++MESSAGES] = one_line(s) }

function refuse(code, s) { tell("edit: " s); return code }

function start(   i, c) {
  SIZE = 512; LOW = 300
  for (i = 1; i < 256; i++) ORD[sprintf("%c", i)] = i
  LETTER["b"] = "\b"; LETTER["f"] = "\f"; LETTER["n"] = "\n"; LETTER["r"] = "\r"; LETTER["t"] = "\t"
  LETTER["\""] = "\""; LETTER["\\"] = "\\"; LETTER["/"] = "/"
  for (c in LETTER) if (c != "/") SHORT[LETTER[c]] = "\\" c
  HOUR = "([01][0-9]|2[0-3])"; TIME = HOUR ":[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
  DATE = "[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
  split("", WANT); split("", SILENT); split("", NEED); split("", SETTYPE); split("", ANCHOR); split("", KEEP); split("", JOIN); split("", OWNERS); split("", KINDS); split("", STAR); split("", ONLY); split("", FORM)
  split("", OURS); split("", NEW); split("", LOST); split("", E)
  SETS = DROPS = R = RECORDS = MESSAGES = EDITS = ASKED = DIFFERENT = 0; WHY = ""
}

function run() {
  wanted("")
  if (!read_plan()) return refuse(2, "the plan is not understood")
  if (!parse(0, mode == "set" || mode == "undo")) return refuse(3, FILE ":" WHY)
  LISTED_EVENTS = EVENTS
  return work()
}
