# Runs many cases in one process through run() of the editor, without its entry section.
# stdin:  "case FORMAT MODE TEXT", "before LINE", "plan LINE", "run"; TEXT escaped as one_line() does
# stdout: "text TEXT", "record LINE", "message LINE", "exit CODE"; answers of get stand as they are

{ tab = index($0, "\t"); verb = tab ? substr($0, 1, tab - 1) : $0; rest = substr($0, tab + 1) }

verb == "case" {
  split(rest, head, "\t")
  format = head[1]; mode = head[2]; FILE = "file"
  PLANNED = BEFORES = 0
  start()
  store(0, unescape(head[3]))
}

verb == "before" { BEFORE[++BEFORES] = rest }

verb == "plan" { PLAN[++PLANNED] = rest }

verb == "run" {
  code = run()
  if (code == 0 && (mode == "set" || mode == "undo")) {
    text = ""
    for (i = 1; i <= PIECES[G]; i++) text = text X[G, i]
    print "text\t" one_line(text)
  }
  if (code == 0 && mode == "set") for (i = 1; i <= RECORDS; i++) print "record\t" RECORD[i]
  for (i = 1; i <= MESSAGES; i++) print "message\t" MESSAGE[i]
  print "exit\t" code
}
