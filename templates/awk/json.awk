# ---------------------------------------------------------------------------------------------------------------
# JSON and JSONC.

function json() {
  space(1)
  if (W == "" && !COMMENTS) return
  if (substr(W, 1, 1) != "{") return fail(AT, "the file does not hold an object")
  SM[0] = member("#top", "", AT)
  value("", 0)
  space(1)
  if (W != "") fail(AT, "something follows the object")
}

function json_key(host,   at) {
  at = AT; OWNER = host; TOK = ""; SPILT = 0
  if (substr(W, 1, 1) != "\"") return fail(AT, "expected a key")
  json_string()
  if (SPILT) return fail(at, "the key is too long")
  NAME_END = AT - 1
  PATH = host "/" reference(plain(TOK))
  if (PATH in SILENT) HUSH = 1
  if ((PATH in WANT) && (PATH in KIND)) return fail(at, "this key is there twice")
}

function json_scalar(   at) {
  at = AT
  if (substr(W, 1, 1) == "\"") { json_string(); TYPE = "string"; return }
  while (match(W, /^[-+.0-9A-Za-z_$]+/)) take(RLENGTH)
  if (TOK ~ /^-?(0|[1-9][0-9]*)$/) TYPE = "int"
  else if (TOK ~ /^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$/) TYPE = "float"
  else if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK == "null") TYPE = "null"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

function json_string(   from) {
  if (match(W, /^"[^"\\\001-\037]*"/)) { take(RLENGTH); return }
  from = AT
  for (take(1); ; ) {
    if (match(W, /^[^"\\\001-\037]+/)) take(RLENGTH)
    else if (substr(W, 1, 1) == "\"") return take(1)
    else if (match(W, /^\\(["\\\/bfnrt]|u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])/)) take(RLENGTH)
    else if (W == "") return fail(from, "a string does not end")
    else return fail(AT, "a control character or a wrong escape in a string")
  }
}
