#!/bin/sh
# shellcheck shell=sh disable=SC2012,SC2016,SC2034,SC2086,SC2317 # programs in single quotes; parts that files share
# Removes from Claude Code, Codex CLI, Gemini CLI and Qwen Code on this machine what the install script set; what was there before comes back.
#
# For Jamf Pro. Made by otel-crossfade 0.1.0; make it again rather than edit it.
# Parameters 5 to 7 of the policy may hold another endpoint, names of CLIs, options. Without a mount point as its first argument
# it is a plain script: options as arguments.
#
# What it does, in this order: finds the accounts of people; takes back each change that is recorded in a file beside the
# configuration file; replaces that file whole; prints one line. It works in a user's home as that user, follows no symbolic link,
# downloads nothing and sends nothing. It changes nothing but its own settings; a second run changes nothing.
#
# Options, as words, with or without -- in front:
#   help                       show this text
#   dry-run                    say what would change, change nothing
#   clis=NAME,NAME             which of claude-code, codex, gemini, qwen-code (all)
#   scope=system | scope=user  files for the whole machine, which users cannot override and every account can read, or files in
#                              the homes (system)
#   users=all | users=self     every person's account, or the one this runs as (all)
#
# The last line of output is the report:
#   crossfade ok|drift|absent|refused|error fp=FINGERPRINT|none|mixed cfg=1 cli=NAME:STATE,... users=N [skipped=N] [late=NAME,...]
# fp: the first 12 hex digits of SHA-256 over the token. State of a CLI: ok; drift (set differently); absent (not found); old (a
# release that cannot be set); stale (set, but a background process still has the old token); unknown (it may not start); refused (a
# person must change its file); error. users: accounts looked at; skipped: homes that could not be looked at; late: accounts that
# took too long.
#
# Exit codes: 0 success; 1 a bug; 2 an option is wrong; 11 refused: a file that cannot be parsed or safely replaced; 12 a file could
# not be written; such files are unchanged; 13 a program is missing; 130 interrupted.
#
# Contents, by line:
#     68  Settings and vehicle
#    107  CLIs: their files, settings and signs
#    233  Editor of JSON and TOML files, an awk program
#    947  Small programs that run as the owner of the files they touch; content comes on standard input
#   1089  Output
#   1167  Options
#   1218  Machine: its system, people and CLIs
#   1395  Lock and working folder
#   1491  Files
#   1703  The work
#   1758  Start

{ { set +xva; } 2>/dev/null; } # no tracing or exporting of the token; twice in braces, so that no part runs alone
{
[ -z "${ZSH_VERSION-}" ] || emulate sh
set -eu
umask 077
# shellcheck disable=SC3045 # no token in a core file
ulimit -c 0 2>/dev/null || :
unset ENV BASH_ENV CDPATH
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
}
# Exported names would hand on what is put into them; all secrets have lower-case names.
for name in $(export -p | while IFS= read -r var; do
  case $var in export\ * | declare\ * | typeset\ *) ;; *) continue ;; esac
  var=${var%%=*} var=${var##* }
  case $var in *_proxy | *status | [!a-z]* | *[!a-z0-9_]*) ;; *) echo "$var" ;; esac
done); do unset -v "$name"; done
# One command, so that a script that was cut off does nothing: the start of a name can be a program.
{
ROOT=
SH=/bin/sh
AWK="awk"

# ---- Settings and vehicle ----
# Everything below this section is the same for all vehicles

ACTION=uninstall
ACTIONS=uninstall
ENDPOINT=https://ai-events.toriihq.com
CLIS='claude-code codex gemini qwen-code'
SCOPE=system
USERS=all
SYSTEMS=macos
SAYS=no
FEATURES='host no-helper no-prompts no-responses no-tools no-restart'
OPTIONS=

# What the vehicle passes besides the token
take_options() {
  case ${1-} in
    /*)
      token=${4-} ENDPOINT=${5:-$ENDPOINT}
      OPTIONS="${6:+clis=$(put "$6" | tr -d "[:blank:]")} ${7-}"
      exec </dev/null
      ;;
    *) OPTIONS="$*" ;;
  esac
}

# What the vehicle wants around the line of a report
print_report() { printf '%s\n' "$1"; }

# What is left for the vehicle to find
leave_trace() {
  :
}

# The vehicle's exit code for ours, $1
exit_code() {
  return "$1"
}

# ---- CLIs: their files, settings and signs ----

# system_file CLI, user_file CLI: set file (the machine's, or in folder), folder, format, and since, its first release
system_file() {
  header_folder='' folder=''
  case $1 in
    claude-code)
      format=json
      since=2.1.83
      header_folder=$ROOT/etc/otel-crossfade
      file=$ROOT'/Library/Application Support/ClaudeCode/managed-settings.d/50-crossfade.json'
      ;;
    codex)
      format=toml
      since=0.166.0
      file=$ROOT/etc/codex/requirements.toml
      ;;
    gemini)
      format=jsonc
      since=0.40.1
      if wants prompts; then since=0.40.0; fi
      file=$ROOT'/Library/Application Support/GeminiCli/settings.json'
      ;;
    qwen-code)
      format=jsonc
      since=0.24.4
      file=$ROOT'/Library/Application Support/QwenCode/settings.json'
      ;;
  esac
}
user_file() {
  header_folder=''
  case $1 in
    claude-code)
      file=settings.json folder="${CLAUDE_CONFIG_DIR-$home/.claude}" format=json
      : "${folder:=.}"
      since=0.0.0
      header_folder=$folder
      ;;
    codex)
      file=config.toml folder="${CODEX_HOME:-$home/.codex}" format=toml
      since=0.0.0
      ;;
    gemini)
      file=settings.json folder="${GEMINI_CLI_HOME:-$home}/.gemini" format=jsonc
      since=0.40.1
      if wants prompts; then since=0.40.0; fi
      ;;
    qwen-code)
      file=settings.json folder="${QWEN_HOME:-$home/.qwen}" format=jsonc
      since=0.24.4
      ;;
  esac
}

# Variables that move the files of one account
forget_folders() { unset CLAUDE_CONFIG_DIR CODEX_HOME GEMINI_CLI_HOME QWEN_HOME; }

# Where releases show without running anything: CLI, kind of sign, path
packages_in() {
  printf '%s package %s/%s/package.json\n' \
    claude-code "$1" @anthropic-ai/claude-code \
    codex "$1" @openai/codex \
    gemini "$1" @google/gemini-cli \
    qwen-code "$1" @qwen-code/qwen-code
}

# On the machine:
machine_signs() {
  for folder in \
    usr/local/lib/node_modules \
    usr/lib/node_modules \
    opt/homebrew/lib/node_modules; do
    packages_in "$folder"
  done
  for folder in opt/homebrew usr/local; do
    printf "%s $folder/%s\n" \
      'claude-code folder' 'Caskroom/claude-code/*' \
      'codex folder' 'Caskroom/codex/*' \
      'codex folder' 'Cellar/codex/*' \
      'gemini folder' 'Cellar/gemini-cli/*' \
      'qwen-code folder' 'Cellar/qwen-code/*'
  done
  printf '%s\n' \
    'claude-code trace usr/bin/claude' \
    'claude-code trace usr/local/bin/claude'
}

# In a home:
user_signs() {
  for folder in \
    .npm-global/lib/node_modules \
    .local/lib/node_modules \
    '.nvm/versions/node/*/lib/node_modules' \
    '.local/share/fnm/node-versions/*/installation/lib/node_modules' \
    'Library/Application Support/fnm/node-versions/*/installation/lib/node_modules' \
    '.asdf/installs/nodejs/*/lib/node_modules' \
    '.local/share/mise/installs/node/*/lib/node_modules' \
    '.volta/tools/image/node/*/lib/node_modules' \
    .bun/install/global/node_modules \
    '.local/share/pnpm/global/*/node_modules' \
    'Library/pnpm/global/*/node_modules'; do
    packages_in "$folder"
  done
  printf '%s\n' \
    'claude-code link .local/bin/claude' \
    'claude-code trace .claude/local/claude' \
    'claude-code trace .claude.json' \
    'claude-code ours .claude/settings.json.crossfade-undo' \
    'codex link .codex/packages/standalone/current' \
    'codex trace .codex/installation_id' \
    'codex trace .codex/config.toml' \
    'codex ours .codex/config.toml.crossfade-undo' \
    'gemini trace .gemini/installation_id' \
    'gemini ours .gemini/settings.json.crossfade-undo' \
    'qwen-code trace .qwen/installation_id' \
    'qwen-code ours .qwen/settings.json.crossfade-undo'
}

# Accounts of people, by system
people() {
  case $OS in
    macos) people_macos ;;
  esac
}

# ---- Editor of JSON and TOML files, an awk program ----

EDIT='# Reads and changes single keys of a JSON, JSONC or TOML file

# Text

function store(g, text) {
  LEN[g] = length(text); PIECES[g] = 0
  halve(g, text, LEN[g])
}

function halve(g, text, n,   half) {
  if (n <= SIZE) { if (n) X[g, ++PIECES[g]] = text; return }
  half = SIZE * int((int((n - 1) / SIZE) + 1) / 2)
  halve(g, substr(text, 1, half), half)
  halve(g, substr(text, half + 1), n - half)
}

# Bytes a to b of the generation that was parsed last
function slice(a, b,   i, s) {
  if (a < 1) a = 1
  if (b > LEN[G]) b = LEN[G]
  if (b < a) return ""
  i = int((a - 1) / SIZE) + 1
  s = substr(X[G, i], a - (i - 1) * SIZE)
  while (i * SIZE < b) s = s X[G, ++i]
  return substr(s, 1, b - a + 1)
}

# The lexer looks at W, a window on the text that begins at byte AT and holds at least LOW bytes
function seek(at,   i) {
  i = int((at - 1) / SIZE) + 1
  AT = at; W = i > PIECES[G] ? "" : substr(X[G, i], at - (i - 1) * SIZE); NEXT = i
  fill()
}

function fill() { while (length(W) < SIZE && NEXT < PIECES[G]) W = W X[G, ++NEXT] }

function eat(n) {
  AT += n; W = substr(W, n + 1)
  if (length(W) < LOW) fill()
}

# Moves n bytes to TOK
function take(n) {
  TOK = TOK substr(W, 1, n)
  eat(n)
  if (length(TOK) > 32768) { SPILT = 1; note(OWNER, substr(TOK, 1, 32768)); TOK = substr(TOK, 32769) }
}

# The first failure ends all reading: the window is emptied and stays empty
function fail(at, reason) {
  if (WHY == "") WHY = place(at) ": " reason
  W = ""; NEXT = PIECES[G]
  return 0
}

function place(at,   i, n, s, bit, line, head) {
  line = 1; head = 1
  for (i = 1; (i - 1) * SIZE < at - 1; i++) {
    s = substr(X[G, i], 1, at - 1 - (i - 1) * SIZE)
    n = split(s, bit, "\n")
    if (n > 1) { line += n - 1; head = (i - 1) * SIZE + length(s) - length(bit[n]) + 1 }
  }
  return line ":" (at - head + 1)
}

# Reads the file in one go
function load(   text, line, n, c) {
  RS = "\001"; text = ""; n = 0
  while ((c = (getline line < FILE)) > 0) if (++n == 1) text = line
  close(FILE)
  if (c < 0) { WHY = "cannot be read"; return 0 }
  c = sprintf("%c", 0)
  if (n > 1 || (n && text == "") || (length(c) && index(text, c))) WHY = "a control character"
  if (n == 1 && text != "") {
    RS = substr(text, length(text))
    for (n = 0; (getline line < FILE) > 0; n++) ;
    close(FILE)
    store(0, text); G = 0
    if (n != times(RS)) WHY = "a control character"
  } else store(0, text)
  if (text ~ /^(\376\377|\377\376)/) WHY = "UTF-16"
  if (substr(text, 1, 3) == "\357\273\277") {
    if (format == "jsonc") WHY = "a byte order mark; save the file as UTF-8 without it"
    else { MARK = "\357\273\277"; store(0, substr(text, 4)) }
  }
  return WHY == ""
}

function times(c,   i, j, s, n) {
  n = 0
  for (i = 1; i <= PIECES[0]; i++) for (s = X[0, i]; j = index(s, c); s = substr(s, j + 1)) n++
  return n
}

# Parsing

function parse(g, listing) {
  split("", KIND); split("", WHERE); split("", OPEN); split("", CLOSE); split("", MEMBER); split("", INSIDE)
  split("", HOST); split("", COUNT); split("", LAST); split("", FIRST); split("", SEEN); split("", BASE)
  M = SECTIONS = EVENTS = COMMENTS = SM[0] = 0; LISTED = ""
  G = g; LISTING = listing
  seek(1)
  if (format == "toml") toml(); else json()
  return WHY == ""
}

# LISTING 1 writes the list, 2 compares with it
function note(path, text) {
  if (HUSHED || !LISTING) return
  if (LISTING == 1) E[++EVENTS] = path "=" text
  else if (E[++EVENTS] != path "=" text) DIFFERENT = 1
}

function member(host, path, at) {
  M++
  mPath[M] = path; mHost[M] = host; mKey[M] = at; mName[M] = at; mVal[M] = at; mEnd[M] = at; mComma[M] = 0
  mPrev[M] = (host in LAST) ? LAST[host] : 0
  mNext[M] = 0
  if (mPrev[M]) mNext[mPrev[M]] = M
  mId[M] = path "#" ++SEEN[path]
  if (!(host in FIRST)) FIRST[host] = M
  LAST[host] = M
  if (path in WANT) MEMBER[path] = M
  return M
}

# A pointer is found for the first time
function born(path, kind, at) {
  if (format == "toml" || (path in WANT) || (up(path) in WANT)) KIND[path] = kind
  if (path in WANT) WHERE[path] = at
}

# A value and everything inside it
function value(path, hush,   d, c, opened, comma, lines) {
  d = 0
  while (WHY == "") {
    HUSHED = hush || (path in WANT)
    c = substr(W, 1, 1)
    opened = c == "{" || c == "["
    if (opened) {
      if (++d > 200) return fail(AT, "nested too deeply")
      SK[d] = c; SP[d] = path; SN[d] = 0; SM[d] = 0; SH[d] = hush
      born(path, c == "{" ? "object" : "array", AT)
      if (path in WANT) { OPEN[path] = AT; INSIDE[path] = path }
      note(path, c)
      eat(1)
    } else {
      OWNER = path; TOK = ""; SPILT = 0; lines = AT
      if (format == "toml") toml_scalar(); else json_scalar()
      born(path, TYPE, lines)
      note(path, TOK)
    }
    for (;;) {
      if (!opened && SM[d]) mEnd[SM[d]] = AT - 1
      if (d == 0 || WHY != "") return
      lines = format != "toml" || SK[d] == "[" || !(SP[d] in WANT) || WANT[SP[d]] == 2
      space(lines)
      comma = !opened && substr(W, 1, 1) == ","
      if (comma) {
        if (SM[d]) mComma[SM[d]] = AT
        eat(1); space(lines)
      }
      c = substr(W, 1, 1)
      if (c == (SK[d] == "{" ? "}" : "]") && (!comma || (format == "toml" && lines))) {
        if (SP[d] in WANT) CLOSE[SP[d]] = AT
        eat(1); d--; opened = 0
        continue
      }
      if (c == "") return fail(AT, "the file ends inside a value")
      if (!opened && !comma) return fail(AT, "expected a comma or a closing bracket")
      if (SK[d] == "[") { path = SP[d] "/" SN[d]++; hush = SH[d] }
      else { HUSH = SH[d]; SM[d] = key(SP[d], SP[d]); path = PATH; hush = HUSH }
      break
    }
  }
}

# A key and what separates it from its value
function key(table, host,   at, m) {
  at = AT; m = 0
  if (format == "toml") toml_key(table, host); else json_key(table)
  if ((host in WANT) || host == LISTED) { m = member(host, PATH, at); mName[m] = NAME_END }
  space(format != "toml")
  if (substr(W, 1, 1) != (format == "toml" ? "=" : ":")) return fail(AT, "expected a key and its value")
  eat(1)
  space(format != "toml")
  if (m) mVal[m] = AT
  return m
}

# Skips white space, and with lines also line ends and comments
function space(lines,   c) {
  while ((c = substr(W, 1, 1)) != "") {
    if (c == " " || c == "\t") { match(W, /^[ \t]+/); eat(RLENGTH) }
    else if (lines && (c == "\n" || c == "\r")) line_end()
    else if (lines && c == (format == "toml" ? "#" : format == "jsonc" ? "/" : "")) comment()
    else return
  }
}

function line_end(   n) {
  if (format != "toml") { match(W, /^[ \t\r\n]+/); eat(RLENGTH) }
  else if (substr(W, 1, 1) == "\n") eat(1)
  else if (substr(W, 1, 2) == "\r\n") eat(2)
  else fail(AT, "a carriage return alone does not end a line")
}

function comment(   from, end) {
  from = AT; COMMENTS++
  if (substr(W, 1, 2) == "/*") {
    eat(2)
    while (!(end = index(W, "*/"))) {
      if (NEXT >= PIECES[G]) return fail(from, "a comment does not end")
      eat(length(W) - 1)
    }
    eat(end + 1)
  } else if (format == "toml") {
    while (match(W, /^[^\001-\010\012-\037\177]+/)) eat(RLENGTH)
    if (W ~ /^[^\r\n]/) fail(AT, "a control character in a comment")
  } else if (substr(W, 1, 2) == "//") {
    while (match(W, /^[^\r\n]+/)) eat(RLENGTH)
    if (W ~ /^\r/ && W !~ /^[ \t\r]+(\n|\/\/)/ && (W !~ /^[ \t\r]+$/ || NEXT < PIECES[G])) fail(AT, "a carriage return alone ends a comment")
  } else fail(AT, "expected a comment")
}

# JSON and JSONC

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

# TOML

function toml(   m) {
  KIND[""] = "table"; INSIDE[""] = "#0"; BASE["#0"] = ""
  TABLE = ""; SECTION = LISTED = "#0"; QUIET = 0; ABOVE = "^"; ABOVE_END = 1
  while (WHY == "") {
    space(1)
    if (W == "") return
    m = substr(W, 1, 1) == "[" ? header() : statement()
    space(0)
    if (substr(W, 1, 1) == "#") comment()
    if (W != "") line_end()
    if (m) { mLine[m] = AT; mAbove[m] = ABOVE; mAboveEnd[m] = ABOVE_END; mId[m] = mPath[m] }
    ABOVE = PATH; ABOVE_END = AT
    if (ABOVE in ANCHOR) ANCHOR[ABOVE] = AT
  }
}

function statement(   m, p) {
  HUSH = QUIET
  m = key(TABLE, SECTION); p = PATH
  value(p, HUSH)
  if (m) mEnd[m] = AT - 1
  PATH = p
  return m
}

function header(   at, list, p, m, n) {
  at = AT; list = substr(W, 1, 2) == "[["; p = ""; HUSH = 0
  for (eat(list + 1); ; eat(1)) {
    space(0)
    if (++n > 200) return fail(AT, "nested too deeply")
    p = p "/" part()
    space(0)
    if (p in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(p in KIND)) born(p, "implicit", at)
    else if (KIND[p] == "tables") p = p "/" (COUNT[p] - 1)
    else if (KIND[p] !~ /^(table|implicit|dotted)$/) return fail(at, "a table below a value")
  }
  if (list) {
    if (!(p in KIND)) { born(p, "tables", at); COUNT[p] = 0 }
    else if (KIND[p] != "tables") return fail(at, "this table is there twice")
    p = p "/" COUNT[p]++
  } else if ((p in KIND) && KIND[p] != "implicit") return fail(at, "this table is there twice")
  born(p, "table", at)
  if (substr(W, 1, list + 1) != (list ? "]]" : "]")) return fail(AT, "expected the end of the header")
  eat(list + 1)
  PATH = p; TABLE = p; SECTION = "#" (++SECTIONS); QUIET = HUSH
  INSIDE[p] = SECTION; BASE[SECTION] = p
  LISTED = HUSH || (p in WANT) ? SECTION : ""
  HUSHED = LISTED != ""
  note(p, "[")
  if (!HUSHED) return 0
  m = member("#headers", p, at)
  mEnd[m] = AT - 1
  return m
}

# A key of one or more parts below a table
function toml_key(table, host,   at, n) {
  at = AT; PATH = table
  for (;; eat(1)) {
    space(0)
    if (++n > 200) return fail(AT, "nested too deeply")
    PATH = PATH "/" part()
    NAME_END = AT - 1
    space(0)
    if (PATH in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(PATH in KIND)) { born(PATH, "dotted", at); HOST[PATH] = host }
    else if (KIND[PATH] != "dotted") return fail(at, "a key below a value or a table of its own")
  }
  if (PATH in KIND) return fail(at, "this key is there twice")
}

# One part of a key, as in a pointer
function part(   at) {
  at = AT; TOK = ""; OWNER = ""; SPILT = 0; HUSHED = 1
  if (W ~ /^["\047]/) {
    if (substr(W, 1, 3) ~ /^("""|\047\047\047)/) return fail(AT, "a key on many lines")
    toml_string()
  } else while (match(W, /^[A-Za-z0-9_-]+/)) take(RLENGTH)
  if (TOK == "") fail(AT, "expected a key")
  if (SPILT) fail(at, "the key is too long")
  return reference(plain(TOK))
}

function toml_scalar(   at) {
  at = AT
  if (W ~ /^["\047]/) { toml_string(); TYPE = "string"; return }
  while (match(W, /^[-+.:0-9A-Za-z_]+/)) take(RLENGTH)
  if (TOK ~ /^[0-9][0-9][0-9][0-9]-[^T]*$/ && match(W, /^ [0-9][0-9]:[-+.:0-9A-Za-z]+/)) take(RLENGTH)
  if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK ~ /^([-+]?(0|[1-9](_?[0-9])*)|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$/) {
    TYPE = "int"
    if (!SPILT && TOK ~ /^[-+]?[1-9][0-9_]*$/ && too_large(TOK)) fail(at, "a number is too large")
  }
  else if (TOK ~ /^[-+]?((0|[1-9](_?[0-9])*)([.][0-9](_?[0-9])*)?([eE][-+]?[0-9](_?[0-9])*)?|inf|nan)$/) TYPE = "float"
  else if (TOK ~ /^[0-9][0-9]/ && TOK ~ ("^(" DATE "([Tt ]" TIME "([Zz]|[-+]" HOUR ":[0-5][0-9])?)?|" TIME ")$")) TYPE = "date"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

# Whether it has more than 64 bits, with which no reader takes the file
function too_large(n) {
  gsub(/[-+_]/, "", n)
  return length(n) > 19 || (length(n) == 19 && (n "") > "9223372036854775807")
}

# A string of any of the four kinds
function toml_string(   from, q, many, c, n) {
  from = AT; q = substr(W, 1, 1); many = substr(W, 1, 3) == q q q
  for (take(many ? 3 : 1); (c = substr(W, 1, 1)) != ""; ) {
    if (c == q) {
      if (!many) return take(1)
      for (n = 1; n < 5 && substr(W, n + 1, 1) == q; n++) ;
      take(n)
      if (n > 2) return
    } else if (c == "\\" && q == "\"") {
      if (match(W, /^\\["\\bfnrt]/)) take(2)
      else if (match(W, /^\\(u|U000[0-9A-Fa-f]|U0010)[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]/) && W !~ /^\\(u|U0000)[dD][89A-Fa-f]/) take(RLENGTH)
      else if (many && match(W, /^\\[ \t]*\r?\n/)) take(RLENGTH)
      else return fail(AT, "a wrong escape in a string")
    }
    else if (match(W, /^[^"\047\\\001-\010\012-\037\177]+/)) take(RLENGTH)
    else if (W ~ /^["\047\\]/ || (many && c == "\n")) take(1)
    else if (many && substr(W, 1, 2) == "\r\n") take(2)
    else return fail(AT, "a control character in a string")
  }
  fail(from, "a string does not end")
}

# Strings and pointers

# The value of a token: of a string what it stands for, of anything else its text
function plain(t,   q) {
  q = substr(t, 1, 1)
  if (q != "\"" && q != "\047") return t
  if (format == "toml" && length(t) > 5 && substr(t, 1, 3) == q q q) {
    t = substr(t, 4, length(t) - 6)
    sub(/^\r?\n/, "", t)
  } else t = substr(t, 2, length(t) - 2)
  return q == "\"" ? unescape(t) : t
}

function unescape(s,   out, i, c, n) {
  out = ""
  while (i = index(s, "\\")) {
    out = out substr(s, 1, i - 1); c = substr(s, i + 1, 1); n = 2
    if (c in LETTER) out = out LETTER[c]
    else if (c == "u" || c == "U") {
      n = c == "u" ? 6 : 10
      c = hex(substr(s, i + 2, n - 2))
      if (c >= 55296 && c < 56320 && substr(s, i + 6) ~ /^\\u[dD][c-fC-F]/) { c = 65536 + (c - 55296) * 1024 + hex(substr(s, i + 8, 4)) - 56320; n = 12 }
      out = out utf8(c)
    } else { match(substr(s, i + 1), /^[ \t\r\n]*/); n = 1 + RLENGTH }
    s = substr(s, i + n)
  }
  return out s
}

function hex(s,   i, n) {
  for (n = 0; s != ""; s = substr(s, 2)) n = n * 16 + index("0123456789abcdef", tolower(substr(s, 1, 1))) - 1
  return n
}

# U+0000 becomes two bytes, since not every awk can hold it
function utf8(n,   tail) {
  if (n && n < 128) return sprintf("%c", n)
  tail = sprintf("%c", 128 + n % 64); n = int(n / 64)
  if (n < 32) return sprintf("%c", 192 + n) tail
  tail = sprintf("%c", 128 + n % 64) tail; n = int(n / 64)
  if (n < 16) return sprintf("%c", 224 + n) tail
  return sprintf("%c", 240 + int(n / 64)) sprintf("%c", 128 + n % 64) tail
}

# Makes one line, for records and answers
function one_line(s,   out) {
  for (out = ""; match(s, /[\\\t\r\n]/); s = substr(s, RSTART + 1)) out = out substr(s, 1, RSTART - 1) SHORT[substr(s, RSTART, 1)]
  return out s
}

function reference(name) {
  if (name ~ /[~\/]/) { gsub(/~/, "~0", name); gsub(/\//, "~1", name) }
  return name
}

function up(p) { sub(/\/[^\/]*$/, "", p); return p }

function wanted(p) { for (WANT[""] = 1; p != ""; p = up(p)) WANT[p] = 1 }

# Type and value at a pointer as one text
function content(p) {
  if (!(p in KIND)) return ""
  return KIND[p] "\t" ((p in MEMBER) && KIND[p] !~ /^(object|array|table)$/ ? plain(slice(mVal[MEMBER[p]], mEnd[MEMBER[p]])) : "")
}

# Edits: at a byte, remove so many bytes and insert a text

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

# Places in the text around an edit

# Where the blanks begin that end just before a byte, and where those end that begin at it
function blank_start(at,   s) { s = slice(at - 400, at - 1); match(s, /[ \t]*$/); return at - RLENGTH }
function blank_end(at) { match(slice(at, at + 400), /^[ \t]*/); return at + RLENGTH }

# The length of the line end just before a byte, or at it
function break_before(at,   s) { s = slice(at < 3 ? 1 : at - 2, at - 1); return s ~ /\r\n$/ ? 2 : (s ~ /[\r\n]$/) }
function break_at(at,   s) { s = slice(at, at + 1); return s == "\r\n" ? 2 : (s ~ /^[\r\n]/) }

# Records: what the undo needs

# Reads a record into verb rVerb, pointer rPath, checksum rSum and three texts
function read_record(line,   f, i, n) {
  n = split(line, f, "\t")
  if (n < 6) return
  R++
  rVerb[R] = f[1]; rPath[R] = unescape(f[2]); rSum[R] = f[3]; rA[R] = unescape(f[4]); rB[R] = unescape(f[5]); rC[R] = unescape(f[6])
  if (f[1] != "cut") OURS[rPath[R]] = R
}

# A checksum that tells whether a value is still the one that was set
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}

function sum_of(p, text) { return sum(p "\t" text) }

# Whether this content is what the last set wrote, or the one before
function mine(p, text) { return (p in OURS) && rVerb[OURS[p]] != "box" && index("," rSum[OURS[p]] ",", "," sum_of(p, text) ",") }

# Removing members, for both set and undo

function take_out(m, i,   from, to, k, n, comma) {
  from = mKey[m] - length(rA[i]); to = mEnd[m] + length(rB[i])
  if (slice(from, mKey[m] - 1) != rA[i]) from = 0
  if (slice(mEnd[m] + 1, to) != rB[i]) to = mEnd[m]
  if (mHost[m] == "#top") from = mKey[m]
  else if (substr(mHost[m], 1, 1) == "#") {
    if (!from) from = blank_start(mKey[m])
    if (to == mEnd[m] && break_before(from) && (n = break_at(blank_end(to + 1)))) to = blank_end(to + 1) + n - 1
  } else {
    comma = mComma[m]
    if (!stays(m, mNext) && stays(m, mPrev)) comma = mComma[mPrev[m]]
    if (!from) {
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

# The nearest member on one side that is not removed
function stays(m, side) {
  do m = side[m]; while (m && (m in GONE))
  return m
}

function verified(g) { return parse(g, 2) && !DIFFERENT && EVENTS == LISTED_EVENTS }

# Mode undo

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
    WHY = ""; DIFFERENT = 0
    for (i = 1; i <= R; i++) if (rVerb[i] == "cut") lose(rPath[i])
  }
  if (!verified(g)) return refuse(4, FILE ": the result did not stand the check")
  return g ? 0 : 1
}

# First pass: our values are removed, or become what they were

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

# Whether nothing but ours is in it
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

# Second pass: what was cut goes back to its place

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

# The whole

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

function knows_mode() { return mode ~ /^(undo)$/ }

function read_plan() {
  if (mode == "undo") return read_records()
}

function work() {
  if (mode == "undo") return undo_all()
}

# Entry

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
'

# ---- Small programs that run as the owner of the files they touch; content comes on standard input ----

ALONE='# alone BYTES COMMAND...: the leader of a session
echo $$ >session
most=$1
shift
{
  cat | (cd / && exec "$@")
  echo $? >code
} | head -c "$most" >answer
mv code ended
'

LOOK='# look HOME: reads lines "CLI KIND PATTERN" and prints CLI=RELEASE for each release found, CLI=? for a CLI that is or was used but whose release is unknown, CLI=ours for an undo record of this script
cd "$1" 2>/dev/null || exit 3
[ -r . ] && [ -x . ] || exit 3
while IFS=" " read -r cli kind pattern; do
  IFS=
  set -- $pattern
  IFS=" "
  for path in "$@"; do
    release=
    case $kind in
      package)
        [ -f "$path" ] && [ -r "$path" ] || continue
        release=$(head -c 262144 "$path" | tr ",{" "\n\n" | sed -n "s/.*\"version\"[^\"]*:[^\"]*\"\([^\"]*\)\".*/\1/p" | sed 1q)
        ;;
      link)
        [ -L "$path" ] || continue
        release=$(readlink "$path") release=${release##*/}
        ;;
      folder)
        [ -d "$path" ] || continue
        release=${path##*/}
        ;;
      trace)
        [ -e "$path" ] || continue
        ;;
      ours)
        [ ! -e "$path" ] || printf "%s=ours " "$cli"
        continue
        ;;
    esac
    release=${release%%[!0-9.]*}
    case $release in
      *[0-9].*[0-9].*[0-9]) ;;
      *[0-9].*[0-9]) release=$release.0 ;;
      *) release="?" ;;
    esac
    printf "%s=%s " "$cli" "$release"
  done
done
'

READ='# read FILE LIMIT: state is ok, absent or why FILE cannot be used
file=$1 limit=$2 folders=0 state=ok rights=-
size_of() { echo $(($(head -c $((limit + 1)) "$1" | wc -c))); }
folder=${file%/*}
while [ -n "${folder##[!/]*}" ] && [ ! -e "$folder" ] && [ ! -L "$folder" ]; do
  folder=${folder%/*}
  folders=$((folders + 1))
done
if [ "${file#/}" = "$file" ] || { [ -n "$folder" ] && [ ! -d "$folder" ]; }; then state=folder
elif [ -L "${file%/*}" ]; then state=linked
elif [ -n "$folder" ] && [ ! -x "$folder" ]; then state=unreadable
elif [ -L "$file" ]; then state=link
elif [ ! -e "$file" ]; then state=absent
elif [ ! -f "$file" ]; then state=kind
elif [ ! -r "$file" ]; then state=unreadable
elif [ "$(size_of "$file")" -gt "$limit" ]; then state=large
else rights=$(ls -ld "$file" | cut -c1-10)
fi
# With yes as third argument temporary files of a run that was killed are removed
for path in "$file".crossfade-new.?????? "$file".crossfade-undo.crossfade-new.??????; do
  if [ "$3" = yes ] && [ -f "$path" ]; then rm -f "$path"; fi
done
# Prints a line "STATE RECORD FOLDERS RIGHTS", where RECORD is the size of the undo record, then that record and the bytes of FILE
record=0 undo=$file.crossfade-undo
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then record=$(size_of "$undo"); fi
if [ "$record" -gt "$limit" ]; then state=record; fi
printf "%s %s %s %s\n" "$state" "$record" "$folders" "$rights"
[ "$state" != record ] || exit 0
set --
if [ "$record" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
'

REPLACE='# replace FILE MODE EXPECTED SUM TOOL: puts standard input in the place of FILE, whole or not at all
file=$1 mode=$2 expected=$3 sum=$4 tool=$5 locked=
umask 077
case $mode in ?[4567]?*) umask 022 ;; esac
mkdir -p "${file%/*}" 2>/dev/null || exit 12
umask 077
rm -f "$file".crossfade-new.??????
new=$(mktemp "$file.crossfade-new.XXXXXX" 2>/dev/null) || exit 12
give_up() {
  rm -f "$new"
  exit "$1"
}
trap "give_up 130" INT QUIT TERM HUP
if [ -e "$file" ]; then
  cp -aL "$file" "$new" 2>/dev/null || give_up 12
  chflags nouchg "$new" 2>/dev/null || :
  [ "$mode" != 0600 ] || chmod go= "$new" || give_up 12
  [ -w "$new" ] || { chmod u+w "$new" 2>/dev/null && locked=yes; } || give_up 12
else
  chmod "$mode" "$new" || give_up 12
fi
cat >"$new" 2>/dev/null || give_up 12
[ "$("$tool" <"$new")" = "$sum" ] || give_up 12
[ -z "$locked" ] || chmod u-w "$new"
case $mode in u=*) chmod "$mode" "$new" || give_up 12 ;; esac
sync "$new" 2>/dev/null || sync
case $expected in
  any) ;;
  absent) if [ -e "$file" ] || [ -L "$file" ]; then give_up 4; fi ;;
  *)
    if [ -L "$file" ] || [ ! -f "$file" ]; then give_up 4; fi
    [ "$("$tool" <"$file")" = "$expected" ] || give_up 4
    ;;
esac
mv -f "$new" "$file" 2>/dev/null || give_up 12
sync "${file%/*}" 2>/dev/null || :
'

REMOVE='# remove FILE EXPECTED FOLDERS TOOL: removes what this script left beside FILE
file=$1 expected=$2 folders=$3 tool=$4
folder=${file%/*}
[ -d "$folder" ] || exit 0
if [ "$expected" != keep ] && [ -e "$file" ]; then
  [ -f "$file" ] && [ ! -L "$file" ] && [ "$("$tool" <"$file")" = "$expected" ] || exit 4
  rm -f "$file" 2>/dev/null || exit 12
fi
rm -f "$file".crossfade-undo "$file".crossfade-new.?????? "$file".crossfade-backup-????????-?????? 2>/dev/null || exit 12
while [ "$folders" -gt 0 ] && rmdir "$folder" 2>/dev/null; do
  folder=${folder%/*}
  folders=$((folders - 1))
done
exit 0
'

# ---- Output ----

have() { command -v "$1" >/dev/null 2>&1; }

# Prints its argument without a line break, and without a program that would show it in the process list
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no built-in printf; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi

tab=$(printf '\t')

# Text from outside, without characters that control a terminal
plain() { put "$1" | tr -c ' -~' '?'; }

# fail CODE REASON: one line for a person, the report line, and the end
fail() {
  printf 'error: %s\n' "$2" >&2
  fingerprints=none
  finish error "$1"
}

# trouble CLI FILE REASON [CODE]: one file is left unchanged
trouble() {
  printf 'error: %s: %s\n' "$(plain "$2")" "$3" >&2
  if [ -z "${4-}" ]; then
    refused=yes
    set_state "$1" refused
    return
  fi
  set_state "$1" error
  if [ "$worst" -ne 12 ]; then worst=$4; fi
}

# set_state CLI STATE: of two states of a CLI the first in this list stays
states=
set_state() {
  rest=${states#* "$1="}
  for state in drift stale error refused old unknown ok absent; do
    case $state in
      "$2") states="${states%% "$1="*} $1=$2 ${rest#* }" ;;
      "${rest%% *}") ;;
      *) continue ;;
    esac
    return 0
  done
}

# some_cli STATE: whether any CLI has this state
some_cli() { case $states in *"=$1 "*) return 0 ;; esac; return 1; }

# finish RESULT CODE: the report line, and the end
fingerprints=none
finished=
finish() {
  finished=yes
  line="crossfade $1 fp=$fingerprints cfg=1 cli=$(put "$states" | sed 's/^ *//; s/ *$//; s/  */,/g; s/=/:/g') users=$users"
  if [ "$skipped" -gt 0 ]; then line="$line skipped=$skipped"; fi
  if [ -n "$late" ]; then line="$line late=$(put "$late" | cut -c1-60)"; fi
  print_report "$line"
  leave_trace "$1" || :
  code=0
  exit_code "$2" || code=$?
  exit "$code"
}

# say KIND CLI FILE TEXT: a line for a person
say() {
  case $SAYS in
    yes) printf '%s\n' "$4" ;;
    records) printf '%s\t%s\t%s\t%s\n' "$@" ;;
  esac
}

# ---- Options ----

# wants FEATURE: whether it is on
wants() {
  case " $FEATURES " in *" $1 "*) return 0 ;; esac
  return 1
}

# toggle WORD: turns a feature on, or with no- in front off
toggle() {
  other=no-${1#no-}
  if [ "$1" = "$other" ]; then other=${1#no-}; fi
  FEATURES=" $FEATURES "
  FEATURES="${FEATURES%% "$other" *} ${FEATURES#* "$other" }"
  wants "$1" || FEATURES="$FEATURES $1"
}

read_options() {
  set -f
  for word in $OPTIONS; do
    word=${word#--}
    case $word in
      install | report | uninstall | self-test) case " $ACTIONS " in *" $word "*) ACTION=$word ;; *) complaint="this file cannot $word, only: $ACTIONS" ;; esac ;;
      h | -h | help) wants_help=yes ;;
      dry-run) DRY_RUN=yes ;;
      scope=system | scope=user) SCOPE=${word#*=} ;;
      users=all | users=self) USERS=${word#*=} ;;
      clis=*) CLIS=$(put "${word#*=}" | tr ',' ' ') ;;
      endpoint=*) ENDPOINT=${word#*=} ;;
      expect=*) EXPECT=${word#*=} ;;
      host | no-host | helper | no-helper | prompts | no-prompts | responses | no-responses | tools | no-tools | restart | no-restart)
        toggle "$word"
        ;;
      *) complaint="an option this script does not know; see the top of it, or run it with --help" ;;
    esac
  done
  set +f
}

check_options() {
  for cli in $CLIS; do
    case " $KNOWN_CLIS " in
      *" $cli "*) states="$states $cli=absent" ;;
      *) complaint="clis= has an unknown CLI; known: $KNOWN_CLIS" ;;
    esac
  done
  states="$states "
  [ -z "$complaint" ] || fail 2 "$complaint"
  [ -n "$CLIS" ] || fail 2 "clis= names nothing; leave it out for all of: $KNOWN_CLIS"
}

# ---- Machine: its system, people and CLIs ----

check_machine() {
  case $(uname -s) in
    Darwin) OS=macos ;;
    Linux) OS=linux ;;
    *) OS=other ;;
  esac
  case " $SYSTEMS " in *" $OS "*) ;; *) fail 13 "this script is for: $SYSTEMS" ;; esac
  for program in "$AWK" cmp mktemp readlink tr wc; do
    have "$program" || fail 13 "the program $program is not installed"
  done
  SUM='cksum'
  have cksum || SUM='sha256sum'
  have "$SUM" || fail 13 "neither cksum nor sha256sum is installed"
  have sha256sum || have shasum || have openssl || fail 13 "none of sha256sum, shasum and openssl is installed"
  self=$(id -u)
  if [ "$self" -ne 0 ]; then
    if [ "$SCOPE" = system ]; then fail 2 "scope=system needs root; run it with sudo, or with scope=user"; fi
    USERS=self
  fi
  become=
  for program in runuser sudo su; do
    if [ -z "$become" ] && have "$program"; then become=$program; fi
  done
  if [ "$self" -eq 0 ]; then
    [ -n "$become" ] || fail 13 "none of runuser, sudo and su is installed"
    has_perl=
    if perl -MPOSIX -e 1 2>/dev/null; then has_perl=yes; else have setsid || fail 13 "neither perl nor setsid is installed"; fi
  fi
}

# Where file systems are mounted and of which type they are, with a tab between
mounts() {
  if [ -r /proc/self/mounts ] && [ "$OS" = linux ]; then
    "$AWK" '{ print $2 "\t" $3 }' /proc/self/mounts
  else
    mount | sed -n 's/^.* on \(.*\) (\([A-Za-z0-9._]*\).*$/\1	\2/p'
  fi
}

# Drops accounts whose home is on the network or missing, and says how many
at_home() {
  { mounts; echo; cat; } | "$AWK" -F '\t' '
    $0 == "" { people = 1; next }
    !people { gsub(/\\040/, " ", $1); type[$1] = $2; next }
    $3 !~ /^\/./ || $2 ~ /^-/ { skipped++; next }
    {
      for (at = $3; at != "" && !(at in type); ) sub(/\/[^\/]*$/, "", at)
      if (at == "") at = "/"
      if (type[at] ~ /^(nfs.*|cifs|smb.*|afp.*|autofs|fuse\.sshfs|macfuse|webdav|davfs|ceph|glusterfs|lustre|ncpfs)$/) skipped++
      else print
    }
    END { print "skipped\t" skipped + 0 }'
}

# Writes people and what each has to the file people, a line each: UID, NAME, HOME, WORDS
find_people() {
  if [ "$USERS" = all ]; then forget_folders; fi
  if [ "$USERS" = self ]; then
    uid=$self name=$(id -un) home=${HOME-}
    case $home in /?*) ;; *) home=$(people | "$AWK" -F '\t' -v uid="$self" '$1 == uid { print $3 }') ;; esac
    owner=$(owner_of "$home/.")
    if [ "$self" -eq 0 ] && [ "${owner:-0}" -ne 0 ]; then
      uid=$owner
      name=$(id -un "$owner" 2>/dev/null) || fail 11 "HOME belongs to an account without a name ($owner)"
    fi
    printf '%s\t%s\t%s\n' "$uid" "$name" "$home" >found
  else
    people | sort -n >found
  fi
  at_home <found >accounts
  machine_signs | "$SH" -c "$LOOK" crossfade "$ROOT/" >answer
  machine=$(releases)
  user_signs | cat >signs
  if [ "$self" -eq 0 ]; then guard & fi
  while IFS=$tab read -r uid name home <&3; do
    if [ "$uid" = skipped ]; then
      skipped=$((skipped + name))
    elif run_as "$uid" "$name" "$LOOK" "$home" <signs; then
      users=$((users + 1))
      printf '%s\t%s\t%s\t%s\n' "$uid" "$name" "$home" "$machine$(releases)"
    else
      skipped=$((skipped + 1))
    fi
  done 3<accounts >people
}

# owner_of PATH: its owner's number
owner_of() { ls -ldn "$1" 2>/dev/null | "$AWK" '{ print $3 }'; }

# releases: the words that the program LOOK printed
releases() {
  head -c 65536 answer | tr ' ' '\n' | grep -E '^[a-z-]+=(ours|[?]|[0-9]{1,9}([.][0-9]{1,9})+)$' | sort -u | tr '\n' ' '
}

# older A B: whether one release is before another
older() {
  first=$1. second=$2.
  while [ -n "$first" ]; do
    if [ "${first%%.*}" -ne "${second%%.*}" ]; then
      [ "${first%%.*}" -lt "${second%%.*}" ]
      return
    fi
    first=${first#*.}
    second=${second#*.}
  done
  return 1
}

# release_of CLI WORDS...: sets release to the oldest of those found
release_of() {
  which=$1 release=
  shift
  for word in "$@"; do
    case $word in
      "$which=ours") ;;
      "$which=?") : "${release:=?}" ;;
      "$which="*) if [ -z "$release" ] || [ "$release" = "?" ] || older "${word#*=}" "$release"; then release=${word#*=}; fi ;;
    esac
  done
}

# Accounts of people as lines UID, NAME, HOME with tabs between
people_macos() {
  {
    for key in UniqueID UserShell NFSHomeDirectory IsHidden; do
      printf '%s\n' "- $key"
      dscl . -list /Users "$key" 2>/dev/null || :
    done
  } | "$AWK" '
    $1 == "-" { key = $2; next }
    {
      name = $1
      value = $0
      sub(/^[^ \t]+[ \t]+/, "", value)
      fact[key, name] = value
      if (key == "UniqueID") order[++count] = name
    }
    END {
      for (i = 1; i <= count; i++) {
        name = order[i]
        if (fact["UniqueID", name] + 0 < 501 || name ~ /^_/) continue
        if (fact["IsHidden", name] ~ /^(1|YES|true)$/) continue
        if (fact["UserShell", name] ~ /\/(false|nologin)$/) continue
        print fact["UniqueID", name] "\t" name "\t" fact["NFSHomeDirectory", name]
      }
    }'
}

# layers CLI WORDS...: which layers matter for whoever has this on the machine
layers() {
  in_system=no in_user=no
  release_of "$@"
  [ -n "$release" ] || return 0
  if [ "$SCOPE" = system ]; then
    system_file "$1"
    if [ "$release" = "?" ]; then
      in_system=yes in_user=yes
    elif older "$release" "$since"; then
      in_user=yes
    else
      in_system=yes
    fi
  else
    in_user=yes
  fi
  user_file "$1"
  if [ "$in_user" = yes ] && [ "$release" != "?" ] && older "$release" "$since"; then
    in_user=no
    set_state "$1" old
  fi
}

# has_record CLI: whether a user's words say that a file of theirs was edited before
has_record() { case $words in *"$1=ours "*) return 0 ;; esac; return 1; }

# ---- Lock and working folder ----

# The number of a process is enough here
is_held() { runs "$2"; }

# When the process with this id started
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat <"/proc/$1/stat" || stat=
    set -- ${stat##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# runs "PID START": whether the process that a lock names still runs
runs() {
  set -- "${1%% *}" "${1#* }" "$(started "${1%% *}" 2>/dev/null)"
  if [ -n "$3" ]; then [ "$3" = "$2" ]; else kill -0 "$1" 2>/dev/null; fi
}

# take_lock LINK SECONDS: one run at a time
take_lock() {
  me="$$ $(started $$)${table-}"
  waited=0
  unseen=0
  [ ! -d "$1" ] || return 2
  until ln -s "$me" "$1" 2>/dev/null; do
    if clear_lock "$1" || [ -z "$holder" ]; then
      unseen=$((unseen + 1))
      [ "$unseen" -lt 60 ] || return 2
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      unseen=0
      sleep 1
    fi
  done
  for left in "$1".clear*; do clear_lock "$left"; done || :
  lock=$1
}

# clear_lock LINK: removes a lock whose owner no longer runs
clear_lock() {
  holder=$(readlink "$1") || holder=
  if [ -z "$holder" ] || is_held "$1" "$holder"; then return 1; fi
  if ln -s "$me" "$1.clear" 2>/dev/null; then
    [ "$(readlink "$1")" != "$holder" ] || rm -f "$1"
    rm -f "$1.clear"
  else
    clear_lock "$1.clear" || sleep 1
  fi
}

# Enters a private working folder, once no other run is at work
enter() {
  if [ "$self" -eq 0 ]; then
    work=$ROOT/var/run/otel-crossfade
    [ -d "$ROOT/var/run" ] || (umask 022 && mkdir -p "$ROOT/var/run") 2>/dev/null || :
  else
    case ${HOME-} in /?*) work=$HOME/.otel-crossfade ;; *) fail 11 "HOME is not set" ;; esac
  fi
  result=0
  take_lock "$work.lock" "$PATIENCE" || result=$?
  case $result in
    0) ;;
    1) fail 11 "another run is at work (process $(plain "${holder%% *}"))" ;;
    *) fail 12 "no working folder can be made in $(plain "${work%/*}")" ;;
  esac
  rm -rf "$work"
  mkdir "$work" 2>/dev/null || fail 12 "no working folder can be made in $(plain "${work%/*}")"
  cd "$work" || fail 12 "the working folder cannot be entered"
}

# leave [CODE]: however the script ends, it prints a report line and leaves no file behind
leave() {
  code=${1-$?}
  if [ -n "$lock" ]; then
    cd /
    rm -rf "$work"
    rm -f "$lock"
  fi
  if [ -z "$finished" ]; then
    if [ "$code" -eq 130 ]; then complaint=interrupted; else code=12 complaint="ended early, by a full disk or a bug"; fi
    fail "$code" "$complaint"
  fi
}

# Not left to the trap on exit: mksh would end with 0
stopped() {
  trap - EXIT
  leave 130
  exit 130
}

# ---- Files ----

# apart COMMAND...: runs it in a session of its own, without our terminal and descriptors above 2
apart() {
  if [ -n "$has_perl" ]; then
    perl -MPOSIX -e 'setsid; opendir D, "/dev/fd"; POSIX::close($_) for grep { $_ > 2 } readdir D; exec @ARGV' "$@"
  else
    setsid "$SH" -c 'for fd in /dev/fd/*; do case ${fd##*/} in [012]) ;; *) eval "exec ${fd##*/}<&-" ;; esac; done; exec "$@"' sh "$@"
  fi
}

# run_as UID NAME PROGRAM ARGUMENTS...: runs one of the programs above as the owner of the files it touches
run_as() {
  as_uid=$1 as_name=$2 as_program=$3
  shift 3
  rm -f answer code ended
  set -- "$SH" -c "$as_program" crossfade "$@"
  if [ "$as_uid" = "$self" ]; then
    "$@" >answer 2>/dev/null
    return
  fi
  : >answer
  case $stuck in *" $as_uid "*) return 1 ;; esac
  case $become in
    runuser) set -- runuser -u "$as_name" -- "$@" ;;
    sudo) set -- sudo -n -u "#$as_uid" -- "$@" ;;
    su)
      shift 2
      set -- su -s "$SH" "$as_name" -c "$@"
      ;;
  esac
  apart "$SH" -c "$ALONE" crossfade "$((LARGEST * 2))" env -i "PATH=$PATH" LC_ALL=C "$@" 2>/dev/null || :
  rm -f session
  if [ -s ended ]; then return "$(cat ended)"; fi
  skip_account "$as_uid" "$as_name"
  return 1
}

# skip_account UID NAME: the others get their turn
skip_account() {
  stuck="$stuck$1 "
  late=$late${late:+,}$(plain "$2")
  printf 'error: %s: took longer than %s seconds and is skipped\n' "$(plain "$2")" "$LIMIT" >&2
  [ "$worst" -eq 12 ] || worst=11
}

# guard: runs beside us and kills what an account does not end in time
guard() {
  exec </dev/null >/dev/null 2>&1 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
  trap - EXIT INT QUIT TERM HUP
  last='' spent=0
  while sleep 1 && kill -0 $$ && [ -e accounts ]; do
    IFS= read -r now <session || now=
    [ "$now" = "$last" ] || last=$now spent=0
    spent=$((spent + 1))
    if [ -n "$now" ] && [ "$spent" -gt "$LIMIT" ]; then kill -s KILL -- "-$now" || :; fi
  done
  if ! kill -0 $$ && IFS= read -r now <session; then kill -s KILL -- "-$now" || :; fi
}

# take_answer FILE: asks its owner for it
take_answer() {
  : >before
  : >rest
  fetched='' records='' folders='' rights=''
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" "$MAY_WRITE" </dev/null || :
  IFS=' ' read -r fetched records folders rights <answer || :
  case $records:$folders in
    *[!0-9:]* | :* | *: | ?????????????*) fetched=unreadable records=0 folders=0 ;;
    *) tail -c "+$((${#fetched} + ${#records} + ${#folders} + ${#rights} + 5))" answer >rest ;;
  esac
}

# fetch FILE: copies it to old and its undo record to before
fetch() {
  take_answer "$1"
  ours=no made=0 had=
  if [ "$records" -gt 0 ] && [ "$fetched" != record ]; then
    head -c "$records" rest >record
    IFS=' ' read -r mark ours made had <record || :
    if [ "$mark" != crossfade-undo-1 ]; then fetched=record; fi
    tail -n +2 record >before
  fi
  tail -c "+$((records + 1))" rest >old
  if [ "$fetched" = absent ] && [ "$records" -eq 0 ]; then ours=yes made=$folders; fi
  case $ours in yes | no) ;; *) fetched=record ;; esac
  case $made in [0-9]) ;; *) fetched=record ;; esac
  case $had in *[!ugorwxst=,]*) fetched=record ;; esac
}

why_not() {
  case $1 in
    link) echo "is a symbolic link, which is not followed" ;;
    linked) echo "is in a folder that is a symbolic link, which is not followed" ;;
    kind) echo "is not a regular file" ;;
    folder) echo "is below something that is not a folder" ;;
    large) echo "is larger than $LARGEST bytes" ;;
    loose) echo "can be written by others than its owner; fix that with chmod go-w" ;;
    shared) echo "is below a folder that others than root can write; fix that with chown root and chmod go-w" ;;
    record) echo "has an undo record that cannot be read" ;;
    *) echo "cannot be read" ;;
  esac
}

# is_loose: whether others than its owner can write the file that was fetched
is_loose() { case $rights in ?????w* | ????????w*) return 0 ;; esac; return 1; }

# is_shared FILE: whether anybody but root can change a folder above it
is_shared() {
  above=${1%/*}
  while [ ! -d "$above/" ]; do above=${above%/*}; done
  above=$(cd -P "$above/" && pwd -P) || return 0
  set -- /
  while [ -n "$above" ]; do
    set -- "$@" "$above/."
    above=${above%/*}
  done
  ls -ldn "$@" | "$AWK" -v admin="$([ "$OS" != macos ] || echo 80)" '
    $3 != 0 || substr($1, 9, 1) == "w" || (substr($1, 6, 1) == "w" && $4 != 0 && $4 != admin) { shared = 1 }
    END { exit !shared }'
}

# edit MODE: runs the editor on the file old with a plan or record from standard input
edit() {
  : >status
  code=0 said='' bytes=0 lines=0
  limited "$AWK" -v "format=$format" -v "mode=$1" -v undo=undo -v before=before -v status=status "$EDIT" - old >new 2>reason || code=$?
  if [ "$code" -gt 128 ]; then return 6; fi
  IFS=' ' read -r said bytes lines <status || return 5
  [ "$code" = "$said" ] || return 5
  [ "$code" -eq 0 ] || return "$code"
  case $1 in set | undo) [ "$(($(wc -c <new)))" = "$bytes" ] || return 5 ;; esac
  case $1 in set) [ "$(($(wc -l <undo)))" = "$lines" ] || return 5 ;; esac
}

# limited COMMAND...: another's file may not keep root busy for long
limited() {
  if [ "$uid" = "$self" ]; then
    "$@"
  else
    apart "$SH" -c 'echo $$ >session; exec "$@"' sh "$@"
    code=$?
    rm -f session
    return "$code"
  fi
}

why_broken() { plain "$(sed 's/^edit: [^:]*:\([0-9]*\):\([0-9]*\): /parse error at line \1, column \2: /; 1q' reason)"; }

parse_error() {
  case $result in
    3) trouble "$1" "$2" "$(why_broken); file unchanged" ;;
    5) trouble "$1" "$2" "cannot be processed, because $(plain "$work") cannot be written; file unchanged" 12 ;;
    6)
      set_state "$1" error
      skip_account "$uid" "$name"
      ;;
    *) trouble "$1" "$2" "the editor failed ($result), which is a bug; file unchanged" 1 ;;
  esac
}

# The checksum that a file must still have when it is replaced
old_sum() { if [ "$fetched" = ok ]; then "$SUM" <old; else echo absent; fi; }

# replace FILE MODE EXPECTED CONTENT: puts CONTENT from the work folder in the place of FILE, as its owner
replace() { run_as "$uid" "$name" "$REPLACE" "$1" "$2" "$3" "$("$SUM" <"$4")" "$SUM" <"$4"; }

# restore_file CLI FILE: removes our settings and gives back what was there before them
restore_file() {
  [ "$records" -gt 0 ] || return 0
  result=0
  edit undo <before || result=$?
  case $result in
    0) ;;
    1) cp old new ;;
    *)
      parse_error "$1" "$2"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say would-restore "$1" "$(plain "$2")" "would restore $(plain "$2")"
    return 0
  fi
  if [ -s reason ]; then say note "$1" "$(plain "$2")" "in $(plain "$2"): $(plain "$(tr '\n' ' ' <reason)")"; fi
  result=0
  if [ "$ours" = yes ] && ! grep -q '[^][:space:]{}[]' new; then
    run_as "$uid" "$name" "$REMOVE" "$2" "$(old_sum)" "$made" "$SUM" </dev/null || result=$?
  else
    { { cmp -s old new && [ -z "$had" ]; } || replace "$2" "${had:-0644}" "$(old_sum)" new; } &&
      run_as "$uid" "$name" "$REMOVE" "$2" keep 0 "$SUM" </dev/null || result=$?
  fi
  case $result in
    0)
      say restored "$1" "$(plain "$2")" "restored      $(plain "$2")"
      changed="$changed $1"
      ;;
    *) trouble "$1" "$2" "cannot be written; file unchanged" 12 ;;
  esac
}

# remove_header_program CLI FOLDERS: removes it and its token file once no setting names it
remove_header_program() {
  if [ -z "$program_folder" ] || [ -n "$secret" ] || [ "$MAY_WRITE" = no ]; then return 0; fi
  for leftover in "$program_folder/crossfade-header" "$program_folder/crossfade-token"; do
    fetch "$leftover"
    if [ "$fetched" = ok ]; then
      run_as "$uid" "$name" "$REMOVE" "$leftover" "$(old_sum)" "$2" "$SUM" </dev/null || trouble "$1" "$leftover" "cannot be removed" 12
    fi
  done
}

# ---- The work ----

# handle_file CLI LAYER FILE yes|no: sees to it that one file holds what it should, or nothing of ours
handle_file() {
  if [ "$2" = system ] && is_shared "$3"; then fetched=shared records=0; else fetch "$3"; fi
  if [ "$2" = system ] && [ "$4" = yes ] && [ "$fetched" = ok ] && is_loose; then fetched=loose; fi
  case $fetched in
    ok | absent) ;;
    *)
      if [ "$4" = no ]; then return 0; fi
      if [ "$ACTION" = uninstall ] && [ "$records" -eq 0 ]; then return 0; fi
      trouble "$1" "$3" "$(why_not "$fetched")"
      return 0
      ;;
  esac
  case $ACTION in
    uninstall) restore_file "$1" "$3" ;;
  esac
}

# for_machine CLI yes|no: the layer of the machine
for_machine() {
  uid=0 name=root
  system_file "$1"
  program_folder=$header_folder program_mode=0644 mode=0644
  handle_file "$1" system "$file" "$2"
  remove_header_program "$1" 1
}

# for_user CLI yes|no: the layer of the user in uid, name and home
for_user() {
  case $stuck in *" $uid "*) return 0 ;; esac
  user_file "$1"
  program_folder=${header_folder:+$folder} program_mode=0600 mode=0600
  handle_file "$1" user "$folder/$file" "$2"
  remove_header_program "$1" 0
}

handle_clis() {
  for cli in $CLIS; do
    wanted_here=no
    while IFS=$tab read -r uid name home words <&3; do
      layers "$cli" $words
      if [ "$in_system" = yes ]; then wanted_here=yes; fi
    done 3<people
    layers "$cli" $machine
    if [ "$in_system" = yes ]; then wanted_here=yes; fi
    if [ "$self" -eq 0 ] && { [ "$USERS" = all ] || [ "$SCOPE" = system ]; }; then for_machine "$cli" "$wanted_here"; fi
    while IFS=$tab read -r uid name home words <&3; do
      layers "$cli" $words
      if [ "$in_user" = yes ] || [ "$USERS" = self ] || has_record "$cli"; then for_user "$cli" "$in_user"; fi
    done 3<people
  done
}

# ---- Start ----

usage() {
  sed -n '3,/^$/s/^# \{0,1\}//p' "$0" 2>/dev/null || echo "The options and exit codes are described at the top of this script."
}

main() {
  DRY_RUN='' EXPECT='' KNOWN_CLIS=$CLIS
  LARGEST=10485760 BACKUPS=3 PATIENCE=60
  LIMIT=30
  users=0 skipped=0 worst=0 refused='' second='' changed='' lock='' complaint='' wants_help='' token='' secret='' helper='' machine_name='' stuck=' ' late=''
  trap leave EXIT
  trap stopped INT QUIT TERM HUP
  take_options "$@"
  set --
  read_options
  check_options
  if [ -n "$wants_help" ]; then
    usage
    finished=yes
    exit 0
  fi
  MAY_WRITE=yes
  if [ "$ACTION" = report ] || [ -n "$DRY_RUN" ]; then MAY_WRITE=no; fi
  check_machine
  enter
  find_people
  handle_clis
  result=absent code=9 failed=0
  if some_cli ok; then result=ok code=0; fi
  if some_cli unknown; then result=refused code=11; fi
  if [ -n "$refused" ]; then result=refused code=11 failed=11; fi
  if [ "$worst" -ne 0 ]; then result=error code=$worst failed=$worst; fi
  if some_cli drift || some_cli stale; then result=drift code=10; fi
  if [ "$ACTION" != report ]; then code=$failed; fi
  finish "$result" "$code"
}

main "$@"
}
