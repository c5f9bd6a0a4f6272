#!/bin/sh
# shellcheck shell=sh disable=SC2016,SC2317 # programs for others stand in single quotes; vehicles use not every function
# Makes Claude Code, Codex CLI and Gemini CLI on this machine send their telemetry to Torii with the current token.
#
# For any MDM, Ansible or SSH. Made by otel-crossfade 0.1.0; make it again rather than edit it.
# Run it as root. Pass the token in the environment variable TOKEN or as the first line of standard input,
# options in CROSSFADE_OPTIONS or as arguments, the endpoint in CROSSFADE_ENDPOINT.
# Root, and anyone who can read the environment of root's processes, can see a token in TOKEN; nobody sees standard input.
#
# What it does, in this order: reads the token; finds the accounts of people; finds their CLIs and releases from files, running none;
# works out what each configuration file should hold; checks that it understands the file; backs it up, if it is going to change;
# replaces it whole; prints one line. It works in a user's home as that user, changes nothing but its own settings, follows no symbolic
# link, downloads nothing, sends nothing. Run again it changes nothing.
#
# Options, as words, with or without -- in front:
#   install | report | uninstall     what to do (in this file: uninstall)
#   self-test | help                 try the editor on made-up files in a scratch folder | show this text
#   dry-run                          say what would change, change nothing
#   clis=NAME,NAME                   which of claude-code, codex, gemini (all)
#   scope=system | scope=user        files that hold for the machine and no user can override, readable by every account,
#                                    or files in the homes (system)
#   users=all | users=self           every person's account, or the one this runs as (all)
#   endpoint=URL                     where to send (https://ai-events.toriihq.com)
#   host | no-host                   send the machine's name and id as well (host)
#   helper | no-helper               Claude Code reads the token from a file of its own, so that running sessions follow a change (no-helper)
#   prompts, responses, tools        send prompts, answers, tool inputs as well (none of them)
#   restart                          restart a background process of a CLI that still has the old token (no)
#   expect=FINGERPRINT               report: which token it should be
#
# The last line of output is the report:
#   crossfade ok|drift|absent|error fp=FINGERPRINT|none|mixed cfg=1 cli=NAME:STATE,... users=N [skipped=N]
# fp is the first 12 hex digits of SHA-256 over the token. State of a CLI: ok; drift (here, but not set like this); absent (not here);
# old (a release that cannot be set); stale (set, but a background process still has the token from before); error. users counts the
# accounts looked at, skipped those whose home is missing or on the network.
#
# Exit codes: 0 as wanted; 1 a bug; 2 an option is wrong; 9 report: no CLI here is set; 10 report: drift; 11 refused: the token, or a file
# that is not understood or not safe to replace, and that file is as it was; 12 a file could not be written and is as it was; 13 a
# program is missing; 130 interrupted.

{ { set +xv; } 2>/dev/null; } # a traced shell must not show the token; twice in braces, so that a part of the line is none
[ -z "${ZSH_VERSION-}" ] || emulate sh
set -eu
umask 077
# shellcheck disable=SC3045 # no memory with a token in it goes to disk; where a shell has no such limit, none is set
ulimit -c 0 2>/dev/null || :
unset -v token TOKEN_FILE
unset ENV BASH_ENV CDPATH
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
ROOT=
SH=/bin/sh
AWK="awk"

# ---- What differs between vehicles. All below this block is the same in every file. ----
ACTION=uninstall
ENDPOINT=https://ai-events.toriihq.com
CLIS='claude-code codex gemini'
SCOPE=system
USERS=all
SYSTEMS='macos linux'
SAYS=no
WISHES='host no-helper no-prompts no-responses no-tools no-restart logs metrics'
LONGEST_TOKEN=4096
OPTIONS=
HELP=

# What the vehicle hands over besides the token; gets the script's arguments.
take_options() {
  # First, so that no program started below inherits it.
  token=${TOKEN-}
  unset TOKEN
  ENDPOINT=${CROSSFADE_ENDPOINT:-$ENDPOINT}
  OPTIONS="${CROSSFADE_OPTIONS-} $*"
  unset CROSSFADE_ENDPOINT CROSSFADE_OPTIONS
}

# The token; nothing but this shell ever sees it.
take_token() {
  fail 2 "this file takes no token and cannot install; there is another one for that"
}

# What stands around the line of a report.
print_report() { printf '%s\n' ''"$1"''; }

# What is left behind for the vehicle to see. $1 is the state, line the report line; nothing of it is secret.
leave_trace() {
  :
}

# The vehicle's exit code for one of ours, which $1 is.
exit_code() {
  case $ACTION:$1 in
    *) return "$1" ;;
  esac
}
# ---- End of what differs. ----

# What the CLIs want, a table made from what is known of each.

# describe CLI LAYER: sets file (a machine's, or relative to folder), folder, format and since, the first release that obeys the layer.
describe() {
  case $1:$2:$OS in
    claude-code:system:macos) file=$ROOT'/Library/Application Support/ClaudeCode/managed-settings.d/50-crossfade.json' folder='' format=json since=2.1.83 header_folder=$ROOT/etc/otel-crossfade ;;
    claude-code:system:linux) file=$ROOT/etc/claude-code/managed-settings.d/50-crossfade.json folder='' format=json since=2.1.83 header_folder=$ROOT/etc/otel-crossfade ;;
    claude-code:user:*) file=settings.json folder="${CLAUDE_CONFIG_DIR:-$home/.claude}" format=json since=0.0.0 header_folder=$folder ;;
    codex:system:macos) file=$ROOT/etc/codex/requirements.toml folder='' format=toml since=0.166.0 header_folder='' ;;
    codex:system:linux) file=$ROOT/etc/codex/requirements.toml folder='' format=toml since=0.166.0 header_folder='' ;;
    codex:user:*) file=config.toml folder="${CODEX_HOME:-$home/.codex}" format=toml since=0.0.0 header_folder='' ;;
    gemini:system:macos) file=$ROOT'/Library/Application Support/GeminiCli/settings.json' folder='' format=jsonc since=0.40.1; if wants prompts; then since=0.40.0; fi; header_folder='' ;;
    gemini:system:linux) file=$ROOT/etc/gemini-cli/settings.json folder='' format=jsonc since=0.40.1; if wants prompts; then since=0.40.0; fi; header_folder='' ;;
    gemini:user:*) file=settings.json folder="${GEMINI_CLI_HOME:-$home}/.gemini" format=jsonc since=0.40.1; if wants prompts; then since=0.40.0; fi; header_folder='' ;;
  esac
}

# plan CLI LAYER: what the file shall hold, one row a line.
plan() {
  case $1:$2 in
    claude-code:system)
      row string /env/CLAUDE_CODE_ENABLE_TELEMETRY "1"
      if wants logs; then row string /env/OTEL_LOGS_EXPORTER "otlp"; fi
      if wants metrics; then row string /env/OTEL_METRICS_EXPORTER "otlp"; fi
      row string /env/OTEL_TRACES_EXPORTER "none"
      row string /env/OTEL_EXPORTER_OTLP_PROTOCOL "http/protobuf"
      row string /env/OTEL_EXPORTER_OTLP_ENDPOINT "$ENDPOINT"
      if wants no-helper; then row string /env/OTEL_EXPORTER_OTLP_HEADERS "Authorization=Bearer $token"; fi
      if wants prompts; then row string /env/OTEL_LOG_USER_PROMPTS "1"; fi
      if wants no-prompts; then row string /env/OTEL_LOG_USER_PROMPTS "0"; fi
      if wants responses; then row string /env/OTEL_LOG_ASSISTANT_RESPONSES "1"; fi
      if wants no-responses; then row string /env/OTEL_LOG_ASSISTANT_RESPONSES "0"; fi
      if wants tools; then row string /env/OTEL_LOG_TOOL_DETAILS "1"; fi
      if wants no-tools; then row string /env/OTEL_LOG_TOOL_DETAILS "0"; fi
      row string /env/OTEL_LOG_TOOL_CONTENT "0"
      row string /env/OTEL_LOG_RAW_API_BODIES "0"
      if wants host; then row string /env/OTEL_RESOURCE_ATTRIBUTES "$machine_name"; fi
      if wants helper; then row string /otelHeadersHelper "/bin/sh $helper"; fi
      ;;
    claude-code:user)
      drop /env/OTEL_EXPORTER_OTLP_LOGS_ENDPOINT
      drop /env/OTEL_EXPORTER_OTLP_LOGS_HEADERS
      drop /env/OTEL_EXPORTER_OTLP_LOGS_PROTOCOL
      drop /env/OTEL_EXPORTER_OTLP_METRICS_ENDPOINT
      drop /env/OTEL_EXPORTER_OTLP_METRICS_HEADERS
      drop /env/OTEL_EXPORTER_OTLP_METRICS_PROTOCOL
      drop /env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
      drop /env/OTEL_EXPORTER_OTLP_TRACES_HEADERS
      drop /env/OTEL_EXPORTER_OTLP_TRACES_PROTOCOL
      if wants helper; then drop /env/OTEL_EXPORTER_OTLP_HEADERS; fi
      row string /env/CLAUDE_CODE_ENABLE_TELEMETRY "1"
      if wants logs; then row string /env/OTEL_LOGS_EXPORTER "otlp"; fi
      if wants metrics; then row string /env/OTEL_METRICS_EXPORTER "otlp"; fi
      row string /env/OTEL_TRACES_EXPORTER "none"
      row string /env/OTEL_EXPORTER_OTLP_PROTOCOL "http/protobuf"
      row string /env/OTEL_EXPORTER_OTLP_ENDPOINT "$ENDPOINT"
      if wants no-helper; then row string /env/OTEL_EXPORTER_OTLP_HEADERS "Authorization=Bearer $token"; fi
      if wants prompts; then row string /env/OTEL_LOG_USER_PROMPTS "1"; fi
      if wants no-prompts; then row string /env/OTEL_LOG_USER_PROMPTS "0"; fi
      if wants responses; then row string /env/OTEL_LOG_ASSISTANT_RESPONSES "1"; fi
      if wants no-responses; then row string /env/OTEL_LOG_ASSISTANT_RESPONSES "0"; fi
      if wants tools; then row string /env/OTEL_LOG_TOOL_DETAILS "1"; fi
      if wants no-tools; then row string /env/OTEL_LOG_TOOL_DETAILS "0"; fi
      row string /env/OTEL_LOG_TOOL_CONTENT "0"
      row string /env/OTEL_LOG_RAW_API_BODIES "0"
      if wants host; then row string /env/OTEL_RESOURCE_ATTRIBUTES "$machine_name"; fi
      if wants helper; then row string /otelHeadersHelper "/bin/sh $helper"; fi
      ;;
    codex:system)
      if wants prompts; then row bool /otel/log_user_prompt "true"; fi
      if wants no-prompts; then row bool /otel/log_user_prompt "false"; fi
      row string /otel/trace_exporter "none"
      if wants no-tools; then row int /otel/tool_result/max_bytes "0"; fi
      if wants logs; then drop /otel/exporter; fi
      if wants logs; then row string /otel/exporter/otlp-http/endpoint "$ENDPOINT/v1/logs"; fi
      if wants logs; then row string /otel/exporter/otlp-http/protocol "binary"; fi
      if wants logs; then row string /otel/exporter/otlp-http/headers/Authorization "Bearer $token"; fi
      if wants metrics; then drop /otel/metrics_exporter; fi
      if wants metrics; then row string /otel/metrics_exporter/otlp-http/endpoint "$ENDPOINT/v1/metrics"; fi
      if wants metrics; then row string /otel/metrics_exporter/otlp-http/protocol "binary"; fi
      if wants metrics; then row string /otel/metrics_exporter/otlp-http/headers/Authorization "Bearer $token"; fi
      ;;
    codex:user)
      if wants prompts; then row bool /otel/log_user_prompt "true"; fi
      if wants no-prompts; then row bool /otel/log_user_prompt "false"; fi
      row string /otel/trace_exporter "none"
      if wants no-tools; then row int /otel/tool_result/max_bytes "0"; fi
      if wants logs; then drop /otel/exporter; fi
      if wants logs; then row string /otel/exporter/otlp-http/endpoint "$ENDPOINT/v1/logs"; fi
      if wants logs; then row string /otel/exporter/otlp-http/protocol "binary"; fi
      if wants logs; then row string /otel/exporter/otlp-http/headers/Authorization "Bearer $token"; fi
      if wants metrics; then drop /otel/metrics_exporter; fi
      if wants metrics; then row string /otel/metrics_exporter/otlp-http/endpoint "$ENDPOINT/v1/metrics"; fi
      if wants metrics; then row string /otel/metrics_exporter/otlp-http/protocol "binary"; fi
      if wants metrics; then row string /otel/metrics_exporter/otlp-http/headers/Authorization "Bearer $token"; fi
      ;;
    gemini:system)
      row bool /telemetry/enabled "true"
      row string /telemetry/target "local"
      row string /telemetry/otlpEndpoint "$ENDPOINT/$token"
      row string /telemetry/otlpProtocol "http"
      if wants prompts; then row bool /telemetry/logPrompts "true"; fi
      if wants no-prompts; then row bool /telemetry/logPrompts "false"; fi
      row bool /telemetry/traces "false"
      row string /telemetry/outfile ""
      row bool /telemetry/useCollector "false"
      row bool /telemetry/useCliAuth "false"
      ;;
    gemini:user)
      row bool /telemetry/enabled "true"
      row string /telemetry/target "local"
      row string /telemetry/otlpEndpoint "$ENDPOINT/$token"
      row string /telemetry/otlpProtocol "http"
      if wants prompts; then row bool /telemetry/logPrompts "true"; fi
      if wants no-prompts; then row bool /telemetry/logPrompts "false"; fi
      row bool /telemetry/traces "false"
      row string /telemetry/outfile ""
      row bool /telemetry/useCollector "false"
      row bool /telemetry/useCliAuth "false"
      ;;
  esac
}

# about CLI: sets title, and when, which is when a changed token is used.
about() {
  case $1 in
    claude-code) title='Claude Code' when='when Claude Code starts; with the option helper also in running sessions, within 29 minutes' ;;
    codex) title='Codex CLI' when='when Codex starts; its background daemon (0.158 and later) keeps the old token until it is restarted' ;;
    gemini) title='Gemini CLI' when='when Gemini CLI starts' ;;
  esac
}

# Where the token is, and which setting is asked for it.
token_places() {
  case $1 in
    claude-code) printf 'get\t%s\n' /env/OTEL_EXPORTER_OTLP_HEADERS ;;
    codex) printf 'get\t%s\n' /otel/exporter/otlp-http/headers/Authorization /otel/metrics_exporter/otlp-http/headers/Authorization ;;
    gemini) printf 'get\t%s\n' /telemetry/otlpEndpoint ;;
  esac
}

# Where releases show: CLI, kind of sign, path. Those of the machine:
machine_signs() {
  printf '%s\n' \
    'claude-code package usr/local/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package usr/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package opt/homebrew/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code folder opt/homebrew/Caskroom/claude-code/*' \
    'claude-code folder usr/local/Caskroom/claude-code/*' \
    'claude-code trace usr/bin/claude' \
    'claude-code trace usr/local/bin/claude' \
    'codex package usr/local/lib/node_modules/@openai/codex/package.json' \
    'codex package usr/lib/node_modules/@openai/codex/package.json' \
    'codex package opt/homebrew/lib/node_modules/@openai/codex/package.json' \
    'codex folder opt/homebrew/Caskroom/codex/*' \
    'codex folder usr/local/Caskroom/codex/*' \
    'codex folder opt/homebrew/Cellar/codex/*' \
    'codex folder usr/local/Cellar/codex/*' \
    'gemini package usr/local/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package usr/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package opt/homebrew/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini folder opt/homebrew/Cellar/gemini-cli/*' \
    'gemini folder usr/local/Cellar/gemini-cli/*'
}

# and those in a home:
user_signs() {
  printf '%s\n' \
    'claude-code package .npm-global/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .local/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .nvm/versions/node/*/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .local/share/fnm/node-versions/*/installation/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package Library/Application Support/fnm/node-versions/*/installation/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .asdf/installs/nodejs/*/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .local/share/mise/installs/node/*/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .volta/tools/image/node/*/lib/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .bun/install/global/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package .local/share/pnpm/global/*/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code package Library/pnpm/global/*/node_modules/@anthropic-ai/claude-code/package.json' \
    'claude-code link .local/bin/claude' \
    'claude-code trace .claude/local/claude' \
    'claude-code trace .claude.json' \
    'claude-code ours .claude/settings.json.crossfade-undo' \
    'codex package .npm-global/lib/node_modules/@openai/codex/package.json' \
    'codex package .local/lib/node_modules/@openai/codex/package.json' \
    'codex package .nvm/versions/node/*/lib/node_modules/@openai/codex/package.json' \
    'codex package .local/share/fnm/node-versions/*/installation/lib/node_modules/@openai/codex/package.json' \
    'codex package Library/Application Support/fnm/node-versions/*/installation/lib/node_modules/@openai/codex/package.json' \
    'codex package .asdf/installs/nodejs/*/lib/node_modules/@openai/codex/package.json' \
    'codex package .local/share/mise/installs/node/*/lib/node_modules/@openai/codex/package.json' \
    'codex package .volta/tools/image/node/*/lib/node_modules/@openai/codex/package.json' \
    'codex package .bun/install/global/node_modules/@openai/codex/package.json' \
    'codex package .local/share/pnpm/global/*/node_modules/@openai/codex/package.json' \
    'codex package Library/pnpm/global/*/node_modules/@openai/codex/package.json' \
    'codex link .codex/packages/standalone/current' \
    'codex trace .codex/installation_id' \
    'codex trace .codex/config.toml' \
    'codex ours .codex/config.toml.crossfade-undo' \
    'gemini package .npm-global/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .local/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .nvm/versions/node/*/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .local/share/fnm/node-versions/*/installation/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package Library/Application Support/fnm/node-versions/*/installation/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .asdf/installs/nodejs/*/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .local/share/mise/installs/node/*/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .volta/tools/image/node/*/lib/node_modules/@google/gemini-cli/package.json' \
    'gemini package .bun/install/global/node_modules/@google/gemini-cli/package.json' \
    'gemini package .local/share/pnpm/global/*/node_modules/@google/gemini-cli/package.json' \
    'gemini package Library/pnpm/global/*/node_modules/@google/gemini-cli/package.json' \
    'gemini trace .gemini/installation_id' \
    'gemini ours .gemini/settings.json.crossfade-undo'
}

# daemon CLI: sets needle, what the command line of a process that outlives sessions has in it, and restart, the words after its program.
daemon() {
  case $1 in
    codex) needle=--managed-daemon restart='app-server daemon restart' ;;
    *) needle='' restart='' ;;
  esac
}

# The editor of JSON and TOML files, a program for awk.
EDIT='# edit.awk: sets, removes, restores and reads single keys of a JSON, JSONC or TOML file.
# Every byte that is not part of such a key stays as it is. POSIX awk; nothing is run, and only the files named are read or written.
#
#   printf "%s\n" "$plan" | LC_ALL=C awk -v format=json -v mode=set -v undo=FILE -f edit.awk - FILE > NEW
#
# format  json | jsonc (comments are allowed, trailing commas are not: they keep Gemini CLI from starting) | toml (1.0)
# mode    set    plan: set POINTER string|bool|int VALUE   the key gets this value
#                      drop POINTER                        only what the plan sets may be left at and below it
#         undo   plan: the record that set wrote; takes back what is still as set wrote it
#         get    plan: get POINTER | keys POINTER          prints POINTER, type and value; keys: of each child
#         check  plan: empty; the file is only parsed
# undo    where set writes its record; may hold values of the file as it was, never a value from the plan
# before  the record of the last set, when it has been set before: then the new record leads back to the first original
# absent  1: FILE is taken as empty without reading it
# word    where the exit code goes as well, and after it the bytes printed and the lines of the record: some awks end well on a full disk
#
# Plan lines are separated by tabs, POINTER is RFC 6901 (/env/NAME), VALUE is plain text that is quoted here.
# stdout  the new file (set, undo) or the answers (get; in them tab, newline, return and backslash are escaped)
# stderr  "edit: FILE:LINE:COL: reason", without any value; undo: "kept POINTER" (changed since, left alone) and
#         "lost POINTER" (a dropped key whose place is not there any more)
# exit    0 done; 1 nothing to change, nothing printed; 2 wrong use; 3 the file is not understood, nothing printed;
#         4 the result did not stand the check, nothing printed

# ---------------------------------------------------------------------------------------------------------------
# Text. It is kept in pieces of SIZE bytes, because awks get slow on long strings. X[g, i] is piece i of
# generation g: 0 is the file, each pass of edits makes the next. LEN[g] is the length in bytes.

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

# Bytes a to b of the generation that was parsed last.
function slice(a, b,   i, s) {
  if (a < 1) a = 1
  if (b > LEN[G]) b = LEN[G]
  if (b < a) return ""
  i = int((a - 1) / SIZE) + 1
  s = substr(X[G, i], a - (i - 1) * SIZE)
  while (i * SIZE < b) s = s X[G, ++i]
  return substr(s, 1, b - a + 1)
}

# The lexer looks at W, a window on the text that begins at byte AT and shows at least LOW bytes.
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

# Moves n bytes to TOK. Tokens of more than 32 KB are spilled to the list of values piece by piece.
function take(n) {
  TOK = TOK substr(W, 1, n)
  eat(n)
  if (length(TOK) > 32768) { SPILT = 1; note(OWNER, substr(TOK, 1, 32768)); TOK = substr(TOK, 32769) }
}

# The first failure stops all reading: the window closes and stays closed.
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

# ---------------------------------------------------------------------------------------------------------------
# What parsing finds. Pointers that matter (WANT: those of the plan and all above them) get KIND, WHERE and, for
# containers, OPEN and CLOSE. Members of containers that matter are numbered 1..M: path, container, start of the
# key, end of the key, start and end of the value, the comma after it, the member before it in the container.
# All other values go to the list E, which must be the same after the edit.

function parse(g, listing) {
  split("", KIND); split("", WHERE); split("", OPEN); split("", CLOSE); split("", MEMBER); split("", INSIDE)
  split("", HOST); split("", COUNT); split("", LAST); split("", FIRST); split("", SEEN); split("", BASE)
  M = SECTIONS = EVENTS = COMMENTS = SM[0] = 0; LISTED = ""
  G = g; LISTING = listing
  seek(1)
  if (format == "toml") toml(); else json()
  return WHY == ""
}

# LISTING 1 writes the list, 2 compares with it.
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

# A pointer comes into being. Children of pointers in KEYS are to be listed, so they matter, too.
function born(path, kind, at) {
  if (format == "toml" || (path in WANT)) KIND[path] = kind
  if (path in WANT) WHERE[path] = at
}

function adopt(parent, path) {
  if (!(parent in KEYS) || ((parent, path) in CHILD)) return
  CHILD[parent, path] = 1; CHILDREN[parent, ++KEYS[parent]] = path; WANT[path] = 1
}

# A value and all inside it. Containers are kept on a stack: SK kind, SP path, SN elements, SM member, SH hush.
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
    # On to the next value, out of the containers that end on the way.
    for (;;) {
      if (!opened && SM[d]) mEnd[SM[d]] = AT - 1
      if (d == 0 || WHY != "") return
      lines = format != "toml" || SK[d] == "["
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

# A key and what parts it from its value. Gives the member, or 0 where nobody asks for it; sets PATH and HUSH.
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

# Skips white space; with lines also line ends and comments.
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
    # Readers differ on whether a lone carriage return ends the comment; then nothing but blanks or a comment may follow on the line.
    if (W ~ /^\r/ && W !~ /^[ \t\r]+(\n|\/\/)/ && (W !~ /^[ \t\r]+$/ || NEXT < PIECES[G])) fail(AT, "a carriage return alone ends a comment")
  } else fail(AT, "expected a comment")
}

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
  adopt(host, PATH)
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

# ---------------------------------------------------------------------------------------------------------------
# TOML. A section is a header and the statements below it, "#0" what stands above the first header.

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

function header(   at, list, p, m) {
  at = AT; list = substr(W, 1, 2) == "[["; p = ""; HUSH = 0
  for (eat(list + 1); ; eat(1)) {
    space(0)
    adopt(p, p "/" part()); p = p "/" PART
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

# A key of one or more parts below a table. Sets PATH; tables on the way are defined by it.
function toml_key(table, host,   at) {
  at = AT; PATH = table
  for (;; eat(1)) {
    space(0)
    adopt(PATH, PATH "/" part()); PATH = PATH "/" PART
    NAME_END = AT - 1
    space(0)
    if (PATH in SILENT) HUSH = 1
    if (substr(W, 1, 1) != ".") break
    if (!(PATH in KIND)) { born(PATH, "dotted", at); HOST[PATH] = host }
    else if (KIND[PATH] != "dotted") return fail(at, "a key below a value or a table of its own")
  }
  if (PATH in KIND) return fail(at, "this key is there twice")
}

# One part of a key, as in a pointer.
function part(   at) {
  at = AT; TOK = ""; OWNER = ""; SPILT = 0; HUSHED = 1
  if (W ~ /^["\047]/) {
    if (substr(W, 1, 3) ~ /^("""|\047\047\047)/) return fail(AT, "a key on many lines")
    toml_string()
  } else while (match(W, /^[A-Za-z0-9_-]+/)) take(RLENGTH)
  if (TOK == "") fail(AT, "expected a key")
  if (SPILT) fail(at, "the key is too long")
  return PART = reference(plain(TOK))
}

function toml_scalar(   at) {
  at = AT
  if (W ~ /^["\047]/) { toml_string(); TYPE = "string"; return }
  while (match(W, /^[-+.:0-9A-Za-z_]+/)) take(RLENGTH)
  if (TOK ~ /^[0-9][0-9][0-9][0-9]-[^T]*$/ && match(W, /^ [0-9][0-9]:[-+.:0-9A-Za-z]+/)) take(RLENGTH)
  if (TOK == "true" || TOK == "false") TYPE = "bool"
  else if (TOK ~ /^([-+]?(0|[1-9](_?[0-9])*)|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$/) TYPE = "int"
  else if (TOK ~ /^[-+]?((0|[1-9](_?[0-9])*)([.][0-9](_?[0-9])*)?([eE][-+]?[0-9](_?[0-9])*)?|inf|nan)$/) TYPE = "float"
  else if (TOK ~ /^[0-9][0-9]/ && TOK ~ ("^(" DATE "([Tt ]" TIME "([Zz]|[-+]" HOUR ":[0-5][0-9])?)?|" TIME ")$")) TYPE = "date"
  else fail(at, "expected a value")
  if (SPILT) fail(at, "a word is too long")
}

# Any of the four kinds of strings.
function toml_string(   from, q, many, c, n) {
  from = AT; q = substr(W, 1, 1); many = substr(W, 1, 3) == q q q
  for (take(many ? 3 : 1); (c = substr(W, 1, 1)) != ""; ) {
    if (c == q) {
      if (!many) return take(1)
      # One or two quotes may stand before the three that end it.
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

# ---------------------------------------------------------------------------------------------------------------
# Strings and pointers.

# The value of a token: of a string what it stands for, of anything else its text.
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

# U+0000 becomes two bytes, since not every awk can hold it.
function utf8(n,   tail) {
  if (n && n < 128) return sprintf("%c", n)
  tail = sprintf("%c", 128 + n % 64); n = int(n / 64)
  if (n < 32) return sprintf("%c", 192 + n) tail
  tail = sprintf("%c", 128 + n % 64) tail; n = int(n / 64)
  if (n < 16) return sprintf("%c", 224 + n) tail
  return sprintf("%c", 240 + int(n / 64)) sprintf("%c", 128 + n % 64) tail
}

function quote(s,   out, c) {
  for (out = ""; match(s, /["\\\001-\037\177]/); s = substr(s, RSTART + 1)) {
    c = substr(s, RSTART, 1)
    out = out substr(s, 1, RSTART - 1) ((c in SHORT) ? SHORT[c] : sprintf("\\u%04X", ORD[c]))
  }
  return "\"" out s "\""
}

# One line for records and answers; unescape() is the way back.
function one_line(s,   out) {
  for (out = ""; match(s, /[\\\t\r\n]/); s = substr(s, RSTART + 1)) out = out substr(s, 1, RSTART - 1) SHORT[substr(s, RSTART, 1)]
  return out s
}

# A checksum that tells whether a value is still the one that we wrote; too short to give the value away.
function sum(s,   i, n, h) {
  n = length(s)
  for (i = h = 1; i <= n; i++) h = (h * 1000003 + ORD[substr(s, i, 1)]) % 2147483647
  return h ""
}

function reference(name) {
  if (name ~ /[~\/]/) { gsub(/~/, "~0", name); gsub(/\//, "~1", name) }
  return name
}

function name_of(p) {
  sub(/^.*\//, "", p); gsub(/~1/, "/", p); gsub(/~0/, "~", p)
  return p
}

function up(p) { sub(/\/[^\/]*$/, "", p); return p }

function below(p, top) { return p != top && substr(p, 1, length(top) + 1) == top "/" }

# The pointer just below top on the way to p.
function step(p, top) {
  p = substr(p, length(top) + 2)
  sub(/\/.*/, "", p)
  return top "/" p
}

function wanted(p) { for (WANT[""] = 1; p != ""; p = up(p)) WANT[p] = 1 }

# Type and value at a pointer, as one text; "" where nothing is.
function content(p) {
  if (!(p in KIND)) return ""
  return KIND[p] "\t" ((p in MEMBER) && KIND[p] !~ /^(object|array|table)$/ ? plain(slice(mVal[MEMBER[p]], mEnd[MEMBER[p]])) : "")
}

# ---------------------------------------------------------------------------------------------------------------
# Edits: at a byte, so many bytes out, a text in. apply() makes the next generation of them.

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

# ---------------------------------------------------------------------------------------------------------------
# Places in the text around an edit.

# Where the blanks begin that end just before at, and where those end that begin at it.
function blank_start(at,   s) { s = slice(at - 400, at - 1); match(s, /[ \t]*$/); return at - RLENGTH }
function blank_end(at) { match(slice(at, at + 400), /^[ \t]*/); return at + RLENGTH }

# The length of the line end just before a byte, or at it.
function break_before(at,   s) { s = slice(at < 3 ? 1 : at - 2, at - 1); return s ~ /\r\n$/ ? 2 : (s ~ /[\r\n]$/) }
function break_at(at,   s) { s = slice(at, at + 1); return s == "\r\n" ? 2 : (s ~ /^[\r\n]/) }

# The blanks at the start of the line that holds a byte.
function indent_at(at,   a, s) {
  for (a = at; a > 1 && at - a < 4096; a--) if (slice(a - 1, a - 1) ~ /[\r\n]/) break
  s = slice(a, at - 1)
  match(s, /^[ \t]*/)
  return substr(s, 1, RLENGTH)
}

# The end of the comments that follow on the line, with lines of all that follow; sets RUNS_ON if the last one ends with its line.
function after_comments(at, lines,   end) {
  RUNS_ON = 0; end = at
  if (format != "jsonc") return end
  for (seek(at); ; ) {
    if (match(W, lines ? "^[ \t\r\n]+" : "^[ \t]+")) eat(RLENGTH)
    else if (W ~ /^\/[\/*]/) { RUNS_ON = W ~ /^\/\//; comment(); end = AT }
    else return end
  }
}

# Line end, indentation and colon as the file has them.
function find_style(   i, m, s) {
  EOL = "\n"; UNIT = "  "; COLON = format == "toml" ? " = " : ": "
  for (i = 1; i <= PIECES[G]; i++) if (match(X[G, i], /[\r\n]/)) {
    i = (i - 1) * SIZE + RSTART
    EOL = slice(i, i + break_at(i) - 1)
    break
  }
  if (EOL == "\r" && COMMENTS) EOL = "\n"
  if (!(m = FIRST[""])) return
  COLON = colon(m)
  s = slice(blank_start(mKey[m]), mKey[m] - 1)
  if (s != "" && break_before(mKey[m] - length(s))) UNIT = s
}

function colon(m,   s) {
  s = slice(mName[m] + 1, mVal[m] - 1)
  if (format == "toml") return s == "=" ? s : " = "
  return s ~ /^ ?: ?$/ ? s : ": "
}

# ---------------------------------------------------------------------------------------------------------------
# Records: what the undo needs.

function record(verb, p, check, a, b, c) { RECORDS++; RECORD[RECORDS] = verb "\t" one_line(p) "\t" check "\t" one_line(a) "\t" one_line(b) "\t" one_line(c) }

# Reads a record into verb rVerb, pointer rPath, checksum rSum and three texts.
function read_record(line,   f, i, n) {
  n = split(line, f, "\t")
  if (n < 6) return
  R++
  rVerb[R] = f[1]; rPath[R] = unescape(f[2]); rSum[R] = f[3]; rA[R] = unescape(f[4]); rB[R] = unescape(f[5]); rC[R] = unescape(f[6])
  if (f[1] != "cut") OURS[rPath[R]] = R
}

# ---------------------------------------------------------------------------------------------------------------
# set, first pass: what drop names and the plan does not set is cut out.

function doomed(p,   i, q, kind, container) {
  kind = (p in KIND) ? KIND[p] : ""
  container = kind ~ /^(object|table|implicit|dotted)$/
  for (i = 1; i <= DROPS; i++) if (p == DROP[i] || below(p, DROP[i])) {
    for (q = p; q == DROP[i] || below(q, DROP[i]); q = up(q)) if (!(q in NEED)) return 1
    return (p in SETTYPE) ? kind ~ /^(object|array|table|tables)$/ : !container
  }
  return 0
}

# What the last set wrote and this one drops is not foreign: it goes, or is what it was again, before anything is cut and recorded.
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

# The place of a cut is its anchor and what stands between the two, without other cuts.
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
# set, second pass: values are replaced where they are, or put in.

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
    if (!mine(p, old)) record("was", p, sum_of(p, target(p)), slice(mVal[MEMBER[p]], mEnd[MEMBER[p]]), "", "")
    # With the sum of what it replaces, too: the record is written before the file, and a run can be killed between the two.
    else { q = OURS[p]; record(rVerb[q], p, sum_of(p, target(p)) "," sum_of(p, old), rA[q], rB[q], rC[q]) }
  }
  if (MISSING) { if (format == "toml") insert_toml(); else insert_json() }
}

function target(p) { return SETTYPE[p] "\t" SETVALUE[p] }
function literal(p) { return SETTYPE[p] == "string" ? quote(SETVALUE[p]) : SETVALUE[p] }
function sum_of(p, text) { return sum(p "\t" text) }

# Is this content what the last set wrote, or the one before?
function mine(p, text) { return (p in OURS) && rVerb[OURS[p]] != "box" && index("," rSum[OURS[p]] ",", "," sum_of(p, text) ",") }

# Puts in a member of a container that has braces: records it and gives its text. gap is what stands before each key.
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

function insert_json(   i) {
  if (!("" in KIND)) {
    enter("", "", LEN[G] ? "" : EOL)
    edit(1, 0, fresh("", EOL) (LEN[G] ? "" : EOL))
  } else for (i = 1; i <= MISSING; i++) if (!(MISS[i] in DONE)) add_members(nearest(MISS[i]))
}

# The deepest container on the way to p that is there.
function nearest(p) {
  do p = up(p); while (!(p in KIND))
  return p
}

# Puts all that is missing in the container a behind its last member.
function add_members(a,   m, at, gap, tail, lead, i, n, c, text, multi) {
  m = LAST[a]; tail = ""
  if (m) {
    COLON = colon(m)
    lead = slice((mPrev[m] ? mComma[mPrev[m]] : OPEN[a]) + 1, mKey[m] - 1)
    at = after_comments(mEnd[m] + 1, 0)
    if (RUNS_ON || lead ~ /[\r\n]/) gap = EOL indent_at(mKey[m])
    else gap = mPrev[m] && lead ~ /^[ \t]*$/ ? lead : format == "toml" || COLON ~ / $/ ? " " : ""
    edit(mEnd[m] + 1, 0, ",")
  } else {
    at = after_comments(OPEN[a] + 1, 1)
    lead = slice(OPEN[a] + 1, CLOSE[a] - 1)
    multi = format != "toml" && (a == "" || RUNS_ON || lead ~ /[\r\n]/ || break_before(blank_start(mKey[MEMBER[a]])))
    gap = multi ? EOL indent_at(OPEN[a]) UNIT : lead ~ /^[ \t]+$/ ? lead : format == "toml" ? " " : ""
    lead = slice(at, CLOSE[a] - 1)
    if (multi) tail = lead ~ /[\r\n]/ ? "" : EOL indent_at(OPEN[a])
    else tail = format == "toml" && lead == "" ? " " : ""
  }
  text = ""; n = 0
  for (i = 1; i <= MISSING; i++) if (host_of(MISS[i]) == a) {
    c = nearest(MISS[i]) == a ? step(MISS[i], a) : MISS[i]
    if (c in DONE) continue
    DONE[c] = 1
    CS[++n] = c
  }
  # The inner calls of fresh() write their records between, so the order of a container stays that of the text.
  for (i = 1; i <= n; i++) {
    c = CS[i]
    enter(c, gap, i == n ? tail : "")
    text = text (i > 1 ? "," : "") gap (up(c) == a ? fresh(c, gap) : dotted(c, a) COLON literal(c))
  }
  edit(at, 0, text tail)
}

# Where a missing pointer goes: a container with braces, a section ("#2"), or a section to be made ("+/a/b").
function host_of(p,   a) {
  a = nearest(p)
  if (KIND[a] == "object") return a
  if (KIND[a] == "dotted") return HOST[a]
  if (KIND[a] == "table" && a == up(p)) return INSIDE[a]
  return "+" up(p)
}

function dotted(p, top,   out) {
  for (out = ""; p != top; p = up(p)) out = written(name_of(p)) (out == "" ? "" : ".") out
  return out
}

function insert_toml(   i, h, last) {
  for (i = 1; i <= MISSING; i++) {
    h = host_of(MISS[i])
    if (h ~ /^#/) add_line(MISS[i], h)
    else if (h ~ /^\// && !(MISS[i] in DONE)) add_members(h)
  }
  last = ""
  for (i = 1; i <= MISSING; i++) if ((h = host_of(MISS[i])) ~ /^[+]/ && !(h in DONE)) { last = add_section(h, last); DONE[h] = 1 }
}

function unfinished() { return LEN[G] && slice(LEN[G], LEN[G]) != "\n" }

# A statement below the last one of its section, in its indentation.
function add_line(p, s,   m, at, before, after) {
  m = (s in LAST) ? LAST[s] : s == "#0" ? 0 : MEMBER[BASE[s]]
  at = m ? mLine[m] : SECTIONS ? 1 : LEN[G] + 1
  before = m ? slice(blank_start(mKey[m]), mKey[m] - 1) : ""
  after = EOL
  if (at > LEN[G] && unfinished()) { before = EOL before; after = "" }
  COLON = (s in LAST) ? colon(LAST[s]) : " = "
  enter(p, before, after)
  edit(at, 0, before dotted(p, BASE[s]) COLON literal(p) after)
}

# A new section at the end of the file.
function add_section(h, follows,   i, p, lead, end) {
  p = substr(h, 2)
  end = unfinished() ? "" : EOL
  lead = EOL
  if (end == "") lead = EOL EOL
  else if (!follows && (LEN[G] == 0 || slice(LEN[G] - 2, LEN[G]) ~ /\n\r?\n$/)) lead = ""
  enter(p, lead, end)
  lead = lead "[" dotted(p, "") "]" end
  for (i = 1; i <= MISSING; i++) if (up(MISS[i]) == p) {
    enter(MISS[i], end == "" ? EOL : "", end)
    lead = lead (end == "" ? EOL : "") written(name_of(MISS[i])) " = " literal(MISS[i]) end
  }
  edit(LEN[G] + 1, 0, lead)
  return 1
}

# Records of the last set stay good where this one wrote none.
function carry_records(   i) {
  for (i = 1; i <= R; i++) {
    if (((rVerb[i] == "cut" ? "cut" : "") rPath[i]) in NEW) continue
    if (rVerb[i] != "box" || (rPath[i] in KIND)) record(rVerb[i], rPath[i], rSum[i], rA[i], rB[i], rC[i])
  }
}

# ---------------------------------------------------------------------------------------------------------------
# undo, first pass: our values go, or go back to what they were; containers that we made go when nothing else is in them.

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

# Nothing but ours is in it. A comment in braces is not ours.
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

function take_out(m, i,   from, to, k, n, comma) {
  from = mKey[m] - length(rA[i]); to = mEnd[m] + length(rB[i])
  if (slice(from, mKey[m] - 1) != rA[i]) from = 0
  if (slice(mEnd[m] + 1, to) != rB[i]) to = mEnd[m]
  if (mHost[m] == "#top") from = mKey[m]
  else if (substr(mHost[m], 1, 1) == "#") {
    if (!from) from = blank_start(mKey[m])
    if (to == mEnd[m] && break_before(from) && (n = break_at(blank_end(to + 1)))) to = blank_end(to + 1) + n - 1
  } else {
    # Of the commas around it the one behind goes if something stays behind, else the one before.
    comma = mComma[m]
    if (!stays(m, mNext) && stays(m, mPrev)) comma = mComma[mPrev[m]]
    if (!from) {
      # Laid out anew since: it goes with its own line, or with the blanks behind it.
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

# The nearest member on one side that is not taken out.
function stays(m, side) {
  do m = side[m]; while (m && (m in GONE))
  return m
}

# undo, second pass: what was cut goes back to its place, all of a place or nothing.
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

# ---------------------------------------------------------------------------------------------------------------
# The whole. run() leaves the result in generation G, records in RECORD, messages in MESSAGE, and gives the exit code.

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
  split("", WANT); split("", SILENT); split("", NEED); split("", KEYS); split("", CHILD); split("", SETTYPE); split("", ANCHOR)
  split("", OURS); split("", NEW); split("", LOST); split("", E)
  SETS = DROPS = R = RECORDS = MESSAGES = EDITS = ASKED = DIFFERENT = 0; WHY = ""
}

function read_plan(   i, f, n, verb, p, v) {
  wanted("")
  for (i = 1; i <= PLANNED; i++) {
    if (PLAN[i] == "" || PLAN[i] ~ /^crossfade-undo\t/) continue
    n = split(PLAN[i], f, "\t"); verb = f[1]; p = f[2] ""
    if (mode == "undo") { read_record(PLAN[i]); continue }
    if (n < 2 || (p != "" && p !~ /^\//) || p ~ /~([^01]|$)/) return 0
    wanted(p)
    if (mode == "get" && (verb == "get" || verb == "keys")) {
      ASK[++ASKED] = p; ASKVERB[ASKED] = verb
      if (verb == "keys") KEYS[p] = 0
    } else if (mode == "set" && p != "" && verb == "drop") { DROP[++DROPS] = p; SILENT[p] = 1 }
    else if (mode == "set" && p != "" && verb == "set" && n > 3) {
      v = substr(PLAN[i], length(f[1] f[2] f[3]) + 4)
      if ((p in SETTYPE) || !(f[3] == "string" || (f[3] == "bool" && v ~ /^(true|false)$/) || (f[3] == "int" && v ~ /^(0|-?[1-9][0-9]*)$/ && length(v) < 19))) return 0
      SET[++SETS] = p; SETTYPE[p] = f[3]; SETVALUE[p] = v; SILENT[p] = 1
    } else return 0
  }
  for (i = 1; i <= SETS; i++) for (p = up(SET[i]); p != ""; p = up(p)) { if (p in SETTYPE) return 0; NEED[p] = 1 }
  for (p in SETTYPE) NEED[p] = 1
  if (mode == "undo") for (i = 1; i <= R; i++) {
    wanted(rPath[i])
    if (rVerb[i] != "box") SILENT[rPath[i]] = 1
    if (rVerb[i] == "cut") ANCHOR[rA[i]] = 0
  }
  if (mode == "set") {
    for (i = 1; i <= BEFORES; i++) read_record(BEFORE[i])
    for (i = 1; i <= R; i++) for (n = 1; n <= DROPS; n++) if (rVerb[i] != "cut" && (rPath[i] == DROP[n] || below(rPath[i], DROP[n]))) wanted(rPath[i])
  }
  return 1
}

function run() {
  if (!read_plan()) return refuse(2, "the plan is not understood")
  if (!parse(0, mode == "set" || mode == "undo")) return refuse(3, FILE ":" WHY)
  LISTED_EVENTS = EVENTS
  if (mode == "get") answer()
  if (mode == "get" || mode == "check") return 0
  return mode == "set" ? set_all() : undo_all()
}

function set_all(   m) {
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
  return 0
}

function verified(g) { return parse(g, 2) && !DIFFERENT && EVENTS == LISTED_EVENTS }

function undo_all(   i, g) {
  take_back()
  if (EDITS) { apply(); if (!parse(G + 1, 0)) return refuse(4, FILE ": nothing valid is left") }
  else parse(0, 0)
  g = G
  put_back()
  if (EDITS) {
    apply()
    if (verified(g + 1)) return 0
    # What was dropped does not fit any more; the rest of the undo does.
    WHY = ""; DIFFERENT = 0
    for (i = 1; i <= R; i++) if (rVerb[i] == "cut") lose(rPath[i])
  }
  if (!verified(g)) return refuse(4, FILE ": the result did not stand the check")
  return g ? 0 : 1
}

function answer(   i, j) {
  for (i = 1; i <= ASKED; i++) {
    if (ASKVERB[i] == "get") show(ASK[i])
    else for (j = 1; j <= KEYS[ASK[i]]; j++) show(CHILDREN[ASK[i], j])
  }
}

function show(p,   c) {
  c = content(p)
  if (c == "") c = "absent\t"
  sub(/^(table|implicit|dotted)\t/, "object\t", c); sub(/^tables\t/, "array\t", c)
  print p "\t" substr(c, 1, index(c, "\t")) one_line(substr(c, index(c, "\t") + 1))
}

# ---- entry ----------------------------------------------------------------------------------------------------
# The plan comes from stdin, the file is read in END, so that its name may be any name.

BEGIN { FILE = ARGV[2]; ARGV[2] = ""; start() }

{ PLAN[++PLANNED] = $0 }

END { exit main() }

function main(   i, code) {
  if (ARGC != 3 || format !~ /^(jsonc?|toml)$/ || mode !~ /^(set|undo|get|check)$/) code = refuse(2, "wrong use")
  else if (length("\303\251") != 2) code = refuse(2, "run with LC_ALL=C")
  else if (!load()) code = refuse(3, FILE ":1:1: " WHY)
  else code = run()
  for (i = 1; i <= MESSAGES; i++) print MESSAGE[i] | "cat 1>&2"
  if (code == 0 && mode == "set") {
    print "crossfade-undo\t1\t" format > undo
    for (i = 1; i <= RECORDS; i++) print RECORD[i] > undo
    if (close(undo)) return 4
  }
  if (code == 0 && (mode == "set" || mode == "undo")) for (i = 1; i <= PIECES[G]; i++) printf "%s", X[G, i]
  if (word != "") {
    print code " " (code ? 0 : LEN[G]) " " RECORDS + 1 > word
    close(word)
  }
  return code
}

# Reads the file in one go. Some awks stop at a NUL byte: then more records end on the last byte seen than it has.
function load(   text, line, n, c) {
  if (before != "") { while ((getline line < before) > 0) BEFORE[++BEFORES] = line; close(before) }
  if (absent) { store(0, ""); return 1 }
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
  if (substr(text, 1, 3) == "\357\273\277") WHY = "a byte order mark"
  return WHY == ""
}

function times(c,   i, j, s, n) {
  n = 0
  for (i = 1; i <= PIECES[0]; i++) for (s = X[0, i]; j = index(s, c); s = substr(s, j + 1)) n++
  return n
}
'

# Small programs that run as the owner of the files they touch. The content comes on standard input.
LOOK='# look HOME: reads lines "CLI KIND PATTERN" and prints CLI=RELEASE for what is there, CLI=? where only the
# use of it shows, CLI=ours where an undo record of this script is.
cd "$1" 2>/dev/null || exit 3
[ -r . ] && [ -x . ] || exit 3
while IFS=" " read -r cli kind pattern; do
  IFS=
  # Unquoted on purpose: patterns expand, and without IFS nothing is split.
  # shellcheck disable=SC2086
  set -- $pattern
  IFS=" "
  for path in "$@"; do
    release=
    case $kind in
      package)
        [ -f "$path" ] && [ -r "$path" ] || continue
        while [ -z "$release" ] && IFS= read -r line; do
          case $line in
            *\"version\"*:*\"*) release=${line#*\"version\"*\"} release=${release%%\"*} ;;
          esac
        done <"$path"
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

READ='# read FILE LIMIT ACTION: prints a line "STATE RECORDS FOLDERS", the lines of the undo record, then the bytes of the file. STATE is ok or
# absent, or why the file is left alone; FOLDERS is how many folders above it are missing. Takes away what a killed run left, but not in a report or a dry run.
file=$1 records=0 folders=0 state=ok
folder=${file%/*}
while [ -n "$folder" ] && [ ! -e "$folder" ] && [ ! -L "$folder" ]; do
  folder=${folder%/*}
  folders=$((folders + 1))
done
if [ -n "$folder" ] && [ ! -d "$folder" ]; then state=folder
elif [ -L "${file%/*}" ]; then state=linked
elif [ -n "$folder" ] && [ ! -x "$folder" ]; then state=unreadable
elif [ -L "$file" ]; then state=link
elif [ ! -e "$file" ]; then state=absent
elif [ ! -f "$file" ]; then state=kind
elif [ ! -r "$file" ]; then state=unreadable
elif [ "$(wc -c <"$file")" -gt "$2" ]; then state=large
fi
undo=$file.crossfade-undo
for path in "$file".crossfade-new.?????? "$undo".crossfade-new.??????; do
  case $3 in install | uninstall) if [ -f "$path" ]; then rm -f "$path"; fi ;; esac
done
if [ -f "$undo" ] && [ ! -L "$undo" ] && [ -r "$undo" ]; then records=$(($(wc -l <"$undo"))); fi
printf "%s %s %s\n" "$state" "$records" "$folders"
set --
if [ "$records" -gt 0 ]; then set -- "$undo"; fi
if [ "$state" = ok ]; then set -- "$@" "$file"; fi
[ $# -eq 0 ] || cat "$@"
'

REPLACE='# replace FILE MODE EXPECTED SUM TOOL: puts standard input in the place of FILE, whole or not at all. EXPECTED is the checksum of what is
# replaced, absent, or any; SUM that of the new content, both made by TOOL. An existing file keeps owner, group, mode and access list; a new one gets MODE.
# Exit codes: 4 it is no longer what is expected; 12 it cannot be written.
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
trap "give_up 130" INT TERM HUP
if [ -e "$file" ]; then
  # A copy has what belongs to the file and not to its content; a flag that forbids changes comes off the copy again.
  cp -p "$file" "$new" 2>/dev/null || give_up 12
  chflags nouchg "$new" 2>/dev/null || :
  [ -w "$new" ] || { chmod u+w "$new" 2>/dev/null && locked=yes; } || give_up 12
else
  chmod "$mode" "$new" || give_up 12
fi
cat >"$new" 2>/dev/null || give_up 12
[ "$("$tool" <"$new")" = "$sum" ] || give_up 12
[ -z "$locked" ] || chmod u-w "$new"
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

BACKUP='# backup FILE KEEP: standard input becomes FILE.crossfade-backup-<time>, unless the newest backup is the same; of all backups the KEEP
# newest stay. Exit code 12: it cannot be written.
file=$1 keep=$2
umask 077
newest=
for path in "$file".crossfade-backup-????????-??????; do
  if [ -f "$path" ]; then newest=$path; fi
done
rm -f "$file".crossfade-new.??????
new=$(mktemp "$file.crossfade-new.XXXXXX" 2>/dev/null) || exit 12
cat >"$new" 2>/dev/null || {
  rm -f "$new"
  exit 12
}
if [ -n "$newest" ] && cmp -s "$new" "$newest"; then
  rm -f "$new"
  exit 0
fi
sync "$new" 2>/dev/null || sync
# Colons between, as some MDM tools replace what stands between two per cent signs.
time_name() { name=$file.crossfade-backup-$(date +%Y:%m:%d-%H:%M:%S | tr -d :); }
time_name
while [ -e "$name" ]; do
  sleep 1
  time_name
done
mv -f "$new" "$name" || exit 12
set -- "$file".crossfade-backup-????????-??????
while [ $# -gt "$keep" ]; do
  rm -f "$1"
  shift
done
'

REMOVE='# remove FILE EXPECTED FOLDERS TOOL: takes away what is left of us beside FILE. EXPECTED is the checksum that FILE must have to be removed
# itself, or keep. FOLDERS above it that were made for it go too when they are empty. Exit codes: 4 it is no longer what is expected; 12
# it cannot be removed.
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

RESTART='# restart HOME PROGRAM ARGUMENTS...: runs a command as its user would, for at most 20 seconds.
HOME=$1
export HOME
cd "$HOME" || exit 1
shift
"$@" </dev/null >/dev/null 2>&1 &
child=$!
waited=0
while kill -0 "$child" 2>/dev/null && [ "$waited" -lt 20 ]; do
  sleep 1
  waited=$((waited + 1))
done
kill "$child" 2>/dev/null && exit 1
wait "$child"
'

# What Claude Code runs for its header, with the option helper.
HEADER_PROGRAM='#!/bin/sh
# Prints the header that Claude Code sends its telemetry with, from the token file beside this program. Made by otel-crossfade.
IFS= read -r token <"${0%/*}/crossfade-token" || [ -n "$token" ] || exit 1
printf '\''{"Authorization":"Bearer %s"}\n'\'' "$token"
'


# ---- Words ----

tab=$(printf '\t')

have() { command -v "$1" >/dev/null 2>&1; }
say() { if [ "$SAYS" = yes ]; then printf '%s\n' "$*"; fi; }
# Text from outside, without what a terminal would obey. A range, because the tr of busybox knows no class [:print:].
plain() { put "$1" | tr -c ' -~' '?'; }

# Writes its argument and no line break, without starting a program that would show it in the process list.
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no printf of its own; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi

# fail CODE REASON: one line for a person, the report line for the vehicle, and the end.
fail() {
  printf 'error: %s\n' "$2" >&2
  fingerprints=none
  finish error "$1"
}

# trouble CLI FILE REASON: one file is left as it was; the work goes on.
trouble() {
  note "$1" error
  printf 'error: %s: %s\n' "$(plain "$2")" "$3" >&2
  if [ "$worst" -ne 12 ]; then worst=${4-11}; fi
}

# The state of every CLI; of two the worse one stays.
states=
note() {
  rest=${states#* "$1="}
  for state in error drift stale old ok absent; do
    case $state in
      "$2") states="${states%% "$1="*} $1=$2 ${rest#* }" ;;
      "${rest%% *}") ;;
      *) continue ;;
    esac
    return 0
  done
}

# One token seen is its fingerprint, several are mixed.
fingerprints=none
saw() {
  case $fingerprints in
    none | "$1") fingerprints=$1 ;;
    *) fingerprints=mixed ;;
  esac
}

# The first 12 hex digits of SHA-256 over a token: tells tokens apart, gives nothing away.
fingerprint() {
  if have sha256sum; then
    put "$1" | sha256sum
  elif have shasum; then
    put "$1" | shasum -a 256
  else
    put "$1" | openssl dgst -sha256 -r
  fi | cut -c1-12
}

# finish VERDICT CODE: the report line, and the end.
finished=
finish() {
  finished=yes
  line="crossfade $1 fp=$fingerprints cfg=1 cli=$(put "$states" | sed 's/^ *//; s/ *$//; s/  */,/g; s/=/:/g') users=$users"
  if [ "$skipped" -gt 0 ]; then line="$line skipped=$skipped"; fi
  if [ "$ACTION" = report ]; then print_report "$line"; else printf '%s\n' "$line"; fi
  leave_trace "$1" || :
  code=0
  exit_code "$2" || code=$?
  exit "$code"
}

# ---- Options and token ----

# wants WISH: whether it is among the wishes, which the options change.
wants() {
  case " $WISHES " in *" $1 "*) return 0 ;; esac
  return 1
}
wish() {
  other=no-${1#no-}
  if [ "$1" = "$other" ]; then other=${1#no-}; fi
  WISHES=" $WISHES "
  WISHES="${WISHES%% "$other" *} ${WISHES#* "$other" }"
  wants "$1" || WISHES="$WISHES $1"
}

read_options() {
  set -f
  for word in $OPTIONS; do
    word=${word#--}
    case $word in
      install | report | uninstall | self-test | help) ACTION=$word ;;
      h | -h) ACTION=help ;;
      dry-run) DRY_RUN=yes ;;
      scope=system | scope=user) SCOPE=${word#*=} ;;
      users=all | users=self) USERS=${word#*=} ;;
      clis=*) CLIS=$(put "${word#*=}" | tr ',' ' ') ;;
      endpoint=*) ENDPOINT=${word#*=} ;;
      expect=*) EXPECT=${word#*=} ;;
      host | no-host | helper | no-helper | prompts | no-prompts | responses | no-responses | tools | no-tools | restart | no-restart)
        wish "$word"
        ;;
      # Not quoted: it could be a token.
      *) complaint="an option this script does not know; see the top of it, or run it with --help" ;;
    esac
  done
  set +f
}

check_options() {
  for cli in $CLIS; do
    case " $KNOWN_CLIS " in
      *" $cli "*) states="$states $cli=absent" ;;
      *) complaint="clis= names something that is none of: $KNOWN_CLIS" ;;
    esac
  done
  states="$states "
  [ -z "$complaint" ] || fail 2 "$complaint"
  [ -n "$CLIS" ] || fail 2 "clis= names nothing; leave it out for all of: $KNOWN_CLIS"
  case $EXPECT in
    *[!0-9a-f]*) fail 2 "expect= is not a fingerprint of 12 hex digits" ;;
    '' | ????????????) ;;
    *) fail 2 "expect= is not a fingerprint of 12 hex digits" ;;
  esac
  place=${ENDPOINT#*://}
  while [ "${place%/}" != "$place" ]; do place=${place%/}; done
  case $ENDPOINT in
    '') fail 2 "no endpoint is given" ;;
    https://*) ENDPOINT=https://$place ;;
    http://*) ENDPOINT=http://$place ;;
    *) fail 2 "the endpoint does not begin with https://" ;;
  esac
  case $place in
    '' | /* | :*) fail 2 "the endpoint names no host" ;;
    *@*) fail 2 "the endpoint holds a user name; the token is handed over by itself" ;;
    *[!]A-Za-z0-9._~:/%[-]*) fail 2 "the endpoint holds a character that belongs into no base URL" ;;
    */v1/logs | */v1/metrics | */v1/traces) fail 2 "the endpoint is that of one signal; leave the end from /v1 on away" ;;
  esac
  case $ENDPOINT in
    http://*) is_loopback "${place%%/*}" || fail 2 "the endpoint is http to another machine: the token would cross the network in clear text" ;;
  esac
}

# is_loopback HOST-AND-PORT
is_loopback() {
  case $1 in
    localhost | localhost:* | '[::1]' | '[::1]:'*) return 0 ;;
    127.*[!0-9.:]*) return 1 ;;
    127.*) return 0 ;;
  esac
  return 1
}

# Whether this script is a file; piped into a shell, $0 is the shell.
is_file() {
  case ${0##*/} in sh | -sh | ash | bash | -bash | busybox | dash | ksh | mksh | zsh | -zsh) return 1 ;; esac
  [ -f "$0" ]
}

# Three ways for a token to come in. A line break at its end is none of it.
read_line() { IFS= read -r token || :; }
read_line_of() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then fail 11 "the token file cannot be read"; fi
  read_line <"$1"
}
ask() {
  if ! (: </dev/tty) 2>/dev/null; then
    fail 11 "there is no token, and no terminal to ask for one; see the top of this script"
  fi
  terminal=$(stty -g </dev/tty)
  trap 'stty "$terminal" </dev/tty; stopped' INT TERM HUP
  # Before the question: who types at once is not shown either.
  stty -echo </dev/tty
  printf 'Token (not shown): ' >/dev/tty
  read_line </dev/tty
  # ksh leaves the key that ended the line, if the variable EDITOR says vi.
  case $token in *[![:graph:]]) token=${token%?} ;; esac
  stty "$terminal" </dev/tty
  trap stopped INT TERM HUP
  printf '\n' >/dev/tty
}

check_token() {
  again="copy the token again, alone and on one line"
  case $token in
    '') fail 11 "there is no token; fill it in, see the top of this script" ;;
    @*@ | *'{{'* | *'${'* | '<'*'>' | '$'*) fail 11 "the token is still a placeholder; put the real one there" ;;
    [Bb][Ee][Aa][Rr][Ee][Rr][[:blank:]]*) fail 11 "the token starts with the word Bearer; leave it out" ;;
    *[![:graph:]]*) fail 11 "the token holds a blank, a control character or one outside ASCII; $again" ;;
    *[!A-Za-z0-9._~-]*) fail 11 "the token holds a character that one of the CLIs would change; ask for one of letters, digits, . _ ~ and -" ;;
  esac
  [ ${#token} -ge 20 ] || fail 11 "the token is too short (${#token} characters); $again"
  [ ${#token} -le "$LONGEST_TOKEN" ] || fail 11 "the token is too long (${#token} characters), or was cut; $again"
}

# ---- The machine: its system, its people, what they have ----

check_machine() {
  case $(uname -s) in
    Darwin) OS=macos ;;
    Linux) OS=linux ;;
    *) OS=other ;;
  esac
  case " $SYSTEMS " in *" $OS "*) ;; *) fail 13 "this script is for: $SYSTEMS" ;; esac
  for program in "$AWK" cmp mktemp readlink tr wc; do
    have "$program" || fail 13 "the program $program is not here"
  done
  # Sums that tell whether a file is still the same; some busybox has no cksum.
  SUM='cksum'
  have cksum || SUM='sha256sum'
  have "$SUM" || fail 13 "neither cksum nor sha256sum is here"
  have sha256sum || have shasum || have openssl || fail 13 "none of sha256sum, shasum and openssl is here"
  self=$(id -u)
  if [ "$self" -ne 0 ]; then
    if [ "$SCOPE" = system ]; then fail 2 "scope=system needs root; run it with sudo, or with scope=user"; fi
    USERS=self
  fi
  become=
  for program in runuser sudo su; do
    if [ -z "$become" ] && have "$program"; then become=$program; fi
  done
}

# run_as UID NAME PROGRAM ARGUMENTS...: runs one of the small programs above as the owner of the files it touches.
run_as() {
  as_uid=$1 as_name=$2 as_program=$3
  shift 3
  if [ "$as_uid" = "$self" ]; then
    "$SH" -c "$as_program" crossfade "$@"
    return
  fi
  case $become in
    runuser) runuser -u "$as_name" -- "$SH" -c "$as_program" crossfade "$@" ;;
    sudo) sudo -n -u "#$as_uid" -- "$SH" -c "$as_program" crossfade "$@" ;;
    su) su -s "$SH" "$as_name" -c "$as_program" crossfade "$@" ;;
    *) return 13 ;;
  esac
}

# The accounts of people, as lines UID, NAME, HOME with tabs between; service accounts and hidden ones are none.
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

# On Linux also the owners of folders in /home: accounts of a directory service are often not in the list.
people_linux() {
  {
    if have getent; then getent passwd; else cat "$ROOT/etc/passwd"; fi
    if have getent; then
      # shellcheck disable=SC2012 # the numbers of the owners, in the one way every ls prints them
      for number in $(ls -nd "$ROOT"/home/* 2>/dev/null | "$AWK" '{ print $3 }' | sort -u); do getent passwd "$number" || :; done
    fi
  } 2>/dev/null | "$AWK" -F: '
    seen[$3]++ { next }
    ($3 >= 1000 && $3 < 60000) || ($3 >= 60001 && $3 <= 60513) || $3 >= 65536 {
      if ($7 !~ /\/(nologin|false|sync|halt|shutdown)$/) print $3 "\t" $1 "\t" $6
    }'
}

# Where file systems are mounted and of what type they are, with a tab between.
mounts() {
  if [ -r /proc/self/mounts ] && [ "$OS" = linux ]; then
    "$AWK" '{ print $2 "\t" $3 }' /proc/self/mounts
  else
    mount | sed -n 's/^.* on \(.*\) (\([A-Za-z0-9._]*\).*$/\1	\2/p'
  fi
}

# Leaves out accounts whose home is on the network or nowhere, and says how many.
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

# Writes people and what each has to the file people, a line each: UID, NAME, HOME, WORDS.
find_people() {
  if [ "$USERS" = self ]; then
    name=$(id -un)
    home=${HOME-}
    case $home in /?*) ;; *) home=$( ("people_$OS") | "$AWK" -F '\t' -v uid="$self" '$1 == uid { print $3 }') ;; esac
    printf '%s\t%s\t%s\n' "$self" "$name" "$home"
  else
    "people_$OS" | sort -n
    unset CLAUDE_CONFIG_DIR CODEX_HOME GEMINI_CLI_HOME
  fi | at_home >accounts
  machine=$(machine_signs | "$SH" -c "$LOOK" crossfade "$ROOT/")
  while IFS=$tab read -r uid name home <&3; do
    if [ "$uid" = skipped ]; then
      skipped=$((skipped + name))
    elif words=$(user_signs | run_as "$uid" "$name" "$LOOK" "$home"); then
      users=$((users + 1))
      printf '%s\t%s\t%s\t%s\n' "$uid" "$name" "$home" "$machine$words"
    else
      skipped=$((skipped + 1))
    fi
  done 3<accounts >people
}

# older A B: whether one release is before another.
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

# release_of CLI WORDS...: sets release to the oldest among those found; ? where none could be told; nothing where the CLI is not here.
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

# What names this machine, as resource attributes. https://opentelemetry.io/docs/specs/semconv/resource/host/
identity() {
  if [ "$OS" = macos ]; then
    host=$(scutil --get LocalHostName 2>/dev/null) || host=$(uname -n)
    id=$(ioreg -rd1 -c IOPlatformExpertDevice 2>/dev/null | sed -n 's/.*"IOPlatformUUID" = "\([^"]*\)".*/\1/p')
  else
    host=$(uname -n)
    id=
    if [ -r "$ROOT/etc/machine-id" ]; then read -r id <"$ROOT/etc/machine-id" || :; fi
  fi
  put "host.name=$(put "$host" | tr -cd 'A-Za-z0-9._-')${id:+,host.id=$(put "$id" | tr -cd 'A-Za-z0-9._-')}"
}

# ---- Files ----

# One row of a plan. The value may hold the token, so it goes through pipes only.
row() { put "set$tab$2$tab$1$tab$3" && echo; }
drop() { put "drop$tab$1" && echo; }

# edit MODE: the editor over the file old, its plan or record on standard input, the result in new. Exit codes: see the editor; 5 what
# it wrote is not all there, as on a full disk, where some awks say nothing.
edit() {
  : >word
  code=0 said='' bytes=0 lines=0
  "$AWK" -v "format=$format" -v "mode=$1" -v undo=undo -v before=before -v word=word "$EDIT" - old >new 2>reason || code=$?
  IFS=' ' read -r said bytes lines <word || return 5
  case $code:$1 in
    0:set) [ "$(($(wc -l <undo)))" = "$lines" ] || return 5 ;;
  esac
  case $code:$1 in
    0:set | 0:undo) [ "$(($(wc -c <new)))" = "$bytes" ] || return 5 ;;
  esac
  [ "$code" = "$said" ] || return 5
  return "$code"
}

# fetch FILE: copies it to old and its undo record to before; sets fetched, missing folders, and from the record's first line whether the
# file and how many folders are ours.
fetch() {
  : >old
  : >before
  echo "unreadable 0 0 no 0" >state
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" "$ACTION$DRY_RUN" </dev/null 2>/dev/null | {
    IFS=' ' read -r state records folders || exit 0
    ours=no made=0
    if [ "$records" -gt 0 ]; then
      IFS=' ' read -r mark ours made
      if [ "$mark" != crossfade-undo-1 ]; then state=record; fi
    fi
    while [ "$records" -gt 1 ]; do
      IFS= read -r record
      printf '%s\n' "$record"
      records=$((records - 1))
    done >before
    cat >old
    echo "$state $records $folders $ours $made" >state
  }
  IFS=' ' read -r fetched records folders ours made <state
  if [ "$fetched" = absent ] && [ "$records" -eq 0 ]; then ours=yes made=$folders; fi
  case $ours$made in yes[0-9] | no[0-9]) ;; *) fetched=record ;; esac
}

why_not() {
  case $1 in
    link) echo "is a symbolic link, and none is followed" ;;
    linked) echo "lies in a folder that is a symbolic link, and none is followed" ;;
    kind) echo "is no regular file" ;;
    folder) echo "lies below something that is no folder" ;;
    large) echo "is larger than $LARGEST bytes" ;;
    loose) echo "can be written by others than its owner; take that right away with chmod go-w" ;;
    record) echo "has an undo record that is not understood" ;;
    *) echo "cannot be read" ;;
  esac
}

# replace FILE MODE EXPECTED CONTENT: puts the work folder's CONTENT in FILE's place, as its owner.
replace() { run_as "$uid" "$name" "$REPLACE" "$1" "$2" "$3" "$("$SUM" <"$4")" "$SUM" <"$4"; }

# loose FILE: whether others than its owner can write it.
loose() {
  # shellcheck disable=SC2012 # the rights, in the one way every ls prints them
  case $(ls -ld "$1" 2>/dev/null | cut -c1-10) in -????w* | -???????w*) return 0 ;; esac
  return 1
}

# settle CLI LAYER FILE yes|no: makes one file hold what it should, or nothing of ours.
settle() {
  fetch "$3"
  # A file for all that anybody can change protects nobody, and some CLIs ignore it.
  if [ "$2:$4:$fetched" = system:yes:ok ] && loose "$3"; then fetched=loose; fi
  case $fetched in
    ok | absent) ;;
    *)
      case $ACTION:$4:$records in
        uninstall:*:0 | *:no:*) ;;
        *) trouble "$1" "$3" "$(why_not "$fetched")" ;;
      esac
      return 0
      ;;
  esac
  case $ACTION:$4 in
    install:yes) put_in "$1" "$2" "$3" ;;
    report:yes) compare "$1" "$2" "$3" ;;
    install:no | uninstall:*) take_out "$1" "$3" ;;
  esac
}

put_in() {
  result=0
  plan "$1" "$2" | edit set || result=$?
  case $result in
    0) ;;
    1)
      note "$1" ok
      return 0
      ;;
    *)
      not_understood "$1" "$3"
      return 0
      ;;
  esac
  # A file over the limit is not opened again, so what is put in could not be taken out.
  if [ "$(($(wc -c <new)))" -gt "$LARGEST" ]; then
    trouble "$1" "$3" "would be larger than $LARGEST bytes"
    return 0
  fi
  if [ -n "$DRY_RUN" ]; then
    say "would change  $(plain "$3")"
    note "$1" drift
    return 0
  fi
  mv new wanted
  result=0
  {
    { echo "crossfade-undo-1 $ours $made" && cat undo; } >record && back_up "$3" && replace "$3.crossfade-undo" 0600 any record && replace "$3" "$mode" "$(expected)" wanted
  } || result=$?
  case $result in
    0)
      say "changed       $(plain "$3")"
      changed="$changed $1"
      note "$1" ok
      ;;
    4) again "$1" "$2" "$3" ;;
    *) trouble "$1" "$3" "cannot be written; it is as it was" 12 ;;
  esac
}

# Somebody changed the file while we worked: once more, from the start.
again() {
  if [ -n "$second" ]; then
    trouble "$1" "$3" "was changed by somebody else while this script worked; run it again"
  else
    second=yes
    settle "$1" "$2" "$3" yes
    second=
  fi
}

not_understood() {
  case $result in
    3) trouble "$1" "$2" "is not understood, so it is left alone ($(plain "$(sed 's/^edit: //; 1q' reason)"))" ;;
    5) trouble "$1" "$2" "cannot be worked on, as $(plain "$work") cannot be written; the file is as it was" 12 ;;
    *) trouble "$1" "$2" "the editor failed ($result), a bug; the file is as it was" 1 ;;
  esac
}

expected() { if [ "$fetched" = ok ]; then "$SUM" <old; else echo absent; fi; }

# The backup is of what is not ours: the file before our first edit, and later the file without our settings, so that it holds no token.
back_up() {
  if [ "$ours" = yes ] || [ ! -s old ]; then return 0; fi
  if [ -s before ]; then edit undo <before || [ $? -eq 1 ] || return 0; fi
  if [ -s before ] && [ -s new ]; then mv new foreign; else cp old foreign; fi
  run_as "$uid" "$name" "$BACKUP" "$1" "$BACKUPS" <foreign
}

take_out() {
  [ "$records" -gt 0 ] || return 0
  result=0
  edit undo <before || result=$?
  case $result in
    0) ;;
    1) cp old new ;;
    *)
      not_understood "$1" "$2"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say "would restore $(plain "$2")"
    return 0
  fi
  if [ -s reason ]; then say "in $(plain "$2"): $(plain "$(tr '\n' ' ' <reason)")"; fi
  result=0
  if [ "$ours" = yes ] && ! grep -q '[^][:space:]{}[]' new; then
    run_as "$uid" "$name" "$REMOVE" "$2" "$(expected)" "$made" "$SUM" </dev/null || result=$?
  else
    { cmp -s old new || replace "$2" 0600 "$(expected)" new; } &&
      run_as "$uid" "$name" "$REMOVE" "$2" keep 0 "$SUM" </dev/null || result=$?
  fi
  case $result in
    0)
      say "restored      $(plain "$2")"
      changed="$changed $1"
      ;;
    *) trouble "$1" "$2" "cannot be written; it is as it was" 12 ;;
  esac
}

# live_token CLI: sets live to the token in the file old, or to nothing; result is what the editor says.
live_token() {
  live='' result=0
  token_places "$1" | edit get || result=$?
  if [ "$result" -eq 0 ]; then live=$(sed -n "s/^[^$tab]*${tab}string$tab//p" new | sed -n '1s|^.*[ =/]||p'); fi
}

# Compares with what the file should hold for the token that is in it.
compare() {
  live_token "$1"
  if [ "$result" -gt 1 ]; then
    not_understood "$1" "$3"
    return 0
  fi
  if [ -n "$secret" ]; then
    fetch "$secret"
    live=$(cat old)
    fetch "$3"
  fi
  if [ -n "$live" ]; then
    print=$(fingerprint "$live")
    saw "$print"
  fi
  token=$live
  result=0
  plan "$1" "$2" | edit set || result=$?
  token=
  if [ "$result" -gt 1 ]; then
    not_understood "$1" "$3"
  elif [ "$result" -eq 1 ] && [ -n "$live" ] && [ "${EXPECT:-$print}" = "$print" ]; then
    note "$1" ok
  else
    note "$1" drift
  fi
}

# ---- The work ----

# When the process with this id started, which tells it from a later one with the same id.
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r line <"/proc/$1/stat" || line=
    # shellcheck disable=SC2086 # split into fields, of which the name in brackets is cut off
    set -- ${line##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# One run at a time. The lock is a symbolic link, made whole or not at all, that names its owner; one whose owner is gone is taken over.
enter() {
  if [ "$self" -eq 0 ]; then
    work=$ROOT/var/run/otel-crossfade
    [ -d "$ROOT/var/run" ] || (umask 022 && mkdir -p "$ROOT/var/run") 2>/dev/null || :
  else
    case ${HOME-} in /?*) work=$HOME/.otel-crossfade ;; *) fail 11 "HOME is not set" ;; esac
  fi
  me="$$ $(started $$)"
  waited=0
  until ln -s "$me" "$work.lock" 2>/dev/null; do
    holder=$(readlink "$work.lock") || holder=
    if [ -z "$holder" ]; then
      # Gone in this very moment, or it cannot be made.
      if [ ! -w "${work%/*}" ] || [ "$waited" -ge "$PATIENCE" ]; then fail 12 "no working folder can be made in $(plain "${work%/*}")"; fi
      waited=$((waited + 1))
    elif [ "$(started "${holder%% *}" 2>/dev/null)" != "${holder#* }" ]; then
      # Moved away before it is judged again: of two that find it stale, one moves the other's new lock, sees it, and gives it back.
      mv "$work.lock" "$work.stale.$$" 2>/dev/null || continue
      if [ "$(readlink "$work.stale.$$")" = "$holder" ]; then rm -f "$work.stale.$$"; else mv "$work.stale.$$" "$work.lock"; fi
    else
      waited=$((waited + 1))
      [ "$waited" -lt "$PATIENCE" ] || fail 11 "another run is at work (process ${holder%% *})"
      sleep 1
    fi
  done
  lock=$work.lock
  rm -rf "$work"
  mkdir "$work" 2>/dev/null || fail 12 "no working folder can be made in $(plain "${work%/*}")"
  cd "$work" || fail 12 "the working folder cannot be entered"
}

# leave [CODE]: whatever ends the script, there is a report line and nothing of it is left.
leave() {
  code=${1-$?}
  if [ -n "$lock" ]; then
    cd /
    rm -rf "$work"
    rm -f "$lock"
  fi
  if [ -z "$finished" ]; then
    if [ "$code" -eq 130 ]; then complaint=interrupted; else complaint="ended early, by a full disk or a bug"; fi
    if [ "$code" -ne 130 ]; then code=12; fi
    fail "$code" "$complaint"
  fi
}

# Not by leaving it to the trap on exit: mksh then ends with 0.
stopped() {
  trap - EXIT
  leave 130
  exit 130
}

# layers CLI WORDS...: which layers hold for whoever has this on the machine; sets release, in_system, in_user.
layers() {
  in_system=no in_user=no
  release_of "$@"
  [ -n "$release" ] || return 0
  if [ "$SCOPE" = system ]; then
    describe "$1" system
    case $release in
      '?') in_system=yes in_user=yes ;;
      *) if older "$release" "$since"; then in_user=yes; else in_system=yes; fi ;;
    esac
  else
    in_user=yes
  fi
  describe "$1" user
  if [ "$in_user" = yes ] && [ "$release" != "?" ] && older "$release" "$since"; then
    in_user=no
    note "$1" old
  fi
}

# The program that prints Claude Code's header, and the token file it reads; wanted where the option says so.
# header_program CLI yes|no
header_program() {
  secret=
  [ -n "$program_folder" ] || return 0
  helper=$program_folder/crossfade-header
  if [ "$2" = yes ] && [ "$ACTION" != uninstall ] && wants helper; then
    case $helper in *[!A-Za-z0-9._/@-]*) fail 11 "no header program can be in a folder with such a name; run it with no-helper" ;; esac
    secret=$program_folder/crossfade-token
    [ "$ACTION" = install ] || return 0
    put "$HEADER_PROGRAM" >wanted
    whole "$1" "$helper" "$program_mode"
    { put "$token" && echo; } >wanted
    whole "$1" "$secret" "$program_mode"
  fi
}

# whole CLI FILE MODE: a file that is ours altogether gets the content of wanted.
whole() {
  fetch "$2"
  case $fetched in
    ok) if cmp -s old wanted; then return 0; fi ;;
    absent) ;;
    *)
      trouble "$1" "$2" "$(why_not "$fetched")"
      return 0
      ;;
  esac
  if [ -n "$DRY_RUN" ]; then
    say "would change  $(plain "$2")"
  elif replace "$2" "$3" "$(expected)" wanted; then
    say "changed       $(plain "$2")"
    changed="$changed $1"
  else
    trouble "$1" "$2" "cannot be written; it is as it was" 12
  fi
}

# drop_header_program FOLDERS: takes the header program away once nothing names it.
drop_header_program() {
  if [ -z "$program_folder" ] || [ -n "$secret" ] || [ "$ACTION" = report ] || [ -n "$DRY_RUN" ]; then return 0; fi
  for file in "$program_folder/crossfade-header" "$program_folder/crossfade-token"; do
    fetch "$file"
    if [ "$fetched" = ok ]; then
      run_as "$uid" "$name" "$REMOVE" "$file" "$(expected)" "$1" "$SUM" </dev/null || trouble claude-code "$file" "cannot be removed" 12
    fi
  done
}

# at_machine CLI yes|no: the layer of the machine.
at_machine() {
  uid=0 name=root
  describe "$1" system
  program_folder=$header_folder program_mode=0644 mode=0644
  header_program "$1" "$2"
  settle "$1" system "$file" "$2"
  drop_header_program 1
}

# at_home_of CLI yes|no: the layer of the user in uid, name and home.
of_user() {
  describe "$1" user
  program_folder=${header_folder:+$folder} program_mode=0600 mode=0600
  header_program "$1" "$2"
  settle "$1" user "$folder/$file" "$2"
  drop_header_program 0
}

# Processes that outlive a session: lines UID, age in seconds, program.
daemons() {
  ps -A -o uid= -o etime= -o args= 2>/dev/null | "$AWK" -v needle="$needle" '
    index($0, needle) && !/awk/ {
      days = 0
      clock = $2
      if (split(clock, part, "-") == 2) { days = part[1]; clock = part[2] }
      count = split(clock, part, ":")
      seconds = 0
      for (i = 1; i <= count; i++) seconds = seconds * 60 + part[i]
      print $1, days * 86400 + seconds, $3
    }'
}

# look_at_daemon CLI FILE: whether the user in uid has a process that started before our last change of the file.
look_at_daemon() {
  daemon "$1"
  [ -n "$needle" ] || return 0
  while IFS=' ' read -r owner age program <&4; do
    [ "$owner" = "$uid" ] || continue
    written=$(stat -c %Y "$2.crossfade-undo" 2>/dev/null || stat -f %m "$2.crossfade-undo" 2>/dev/null) || continue
    [ "$age" -gt "$(($(date +%s) - written))" ] || continue
    # shellcheck disable=SC2086 # the words of a command
    if wants restart && [ "$ACTION" = install ] && run_as "$uid" "$name" "$RESTART" "$home" "$program" $restart </dev/null; then
      say "restarted     $program $restart"
    else
      note "$1" stale
    fi
    return 0
  done 4<"daemons-$1"
}

work_through() {
  for cli in $CLIS; do
    daemon "$cli"
    if [ -n "$needle" ]; then daemons >"daemons-$cli"; fi
    wanted_here=no
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      if [ "$in_system" = yes ]; then wanted_here=yes; fi
    done 3<people
    # shellcheck disable=SC2086 # words
    layers "$cli" $machine
    if [ "$in_system" = yes ]; then wanted_here=yes; fi
    if [ "$self" -eq 0 ] && { [ "$USERS" = all ] || [ "$SCOPE" = system ]; }; then at_machine "$cli" "$wanted_here"; fi
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      case $in_user$USERS$words in
        yes* | noself* | *"$cli=ours"*) of_user "$cli" "$in_user" ;;
      esac
      if [ "$ACTION" != uninstall ]; then
        describe "$cli" system
        if [ "$in_system" = yes ]; then look_at_daemon "$cli" "$file"; fi
        describe "$cli" user
        if [ "$in_user" = yes ]; then look_at_daemon "$cli" "$folder/$file"; fi
      fi
    done 3<people
  done
}

# Tries the editor of this machine on made-up files: what it sets is there, a second time changes nothing, and taking it out gives back
# every byte.
self_test() {
  token="self-test-0000000000000000"
  helper=/crossfade-header
  home=/
  for cli in $CLIS; do
    describe "$cli" user
    for sample in '' "$(sample_of "$format")"; do
      put "$sample" >old
      cp old original
      : >before
      plan "$cli" user | edit set || fail 1 "self-test: $cli cannot be set"
      cp new old
      live_token "$cli"
      [ "$live" = "$token" ] || fail 1 "self-test: $cli has no token"
      cp undo before
      result=0
      plan "$cli" user | edit set || result=$?
      [ "$result" -eq 1 ] || fail 1 "self-test: $cli changes twice"
      edit undo <before || fail 1 "self-test: $cli cannot be restored"
      cmp -s new original || fail 1 "self-test: $cli is restored otherwise"
      say "works         $cli, $format"
    done
    note "$cli" ok
  done
}
sample_of() {
  case $1 in
    toml) printf '# mine\r\nmodel = "m"\r\n[mcp_servers."a b"] # theirs\r\nargs = [ 1,\r\n 2 ]' ;;
    jsonc) printf '{\n\t// mine\n\t"a": [1.50, {"b": null}],\n\t"c": "\\u00e9"\n}' ;;
    *) printf '{"a": [1.50, {"b": null}],\n  "env": {"X": "\\u00e9"}}\n\n' ;;
  esac
}

# Before anything is asked for or changed: whose files, which, and where to.
announce() {
  case $ACTION$DRY_RUN in
    install) say "Telemetry to $(plain "$ENDPOINT") will be set for:" ;;
    installyes) say "A dry run: nothing is changed. Telemetry to $(plain "$ENDPOINT") would be set for:" ;;
    *) return 0 ;;
  esac
  for cli in $CLIS; do
    about "$cli"
    told=
    while IFS=$tab read -r uid name home words <&3; do
      # shellcheck disable=SC2086 # words
      layers "$cli" $words
      if [ "$in_system" = yes ] && [ -z "$told" ]; then
        describe "$cli" system
        say "  $title $(plain "$release"): $(plain "$file"), for everybody on this machine"
        told=yes
      fi
      if [ "$in_user" = yes ]; then
        describe "$cli" user
        say "  $title $(plain "$release"): $(plain "$folder/$file")"
      elif [ -z "$release" ]; then
        say "  $title: not here, left alone"
      elif [ "$in_system" = no ]; then
        say "  $title $(plain "$release"): too old for it, left alone"
      fi
    done 3<people
  done
  say "Each file is backed up before its first change; --uninstall takes everything out again."
}

# Afterwards: what came of it, when it is used, and how to check.
conclude() {
  [ "$ACTION" != report ] && [ -z "$DRY_RUN" ] || return 0
  if [ -z "$changed" ] && [ "$worst" -eq 0 ]; then say "Nothing had to be changed."; fi
  [ "$ACTION" = install ] || return 0
  for cli in $CLIS; do
    about "$cli"
    case $states in
      *" $cli=ok "*) say "$title uses the token $when." ;;
      *" $cli=stale "*) say "$title: a background process still has the token from before; --restart restarts it." ;;
    esac
  done
  say "To check: crossfade doctor, or this script with --report."
}

usage() {
  if [ -n "$HELP" ]; then
    printf '%s\n' "$HELP"
  elif is_file; then
    sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
  else
    echo "The options and exit codes are described at the top of this script."
  fi
}

get_token() {
  [ "$ACTION" = install ] || return 0
  take_token
  check_token
  saw "$(fingerprint "$token")"
}

main() {
  DRY_RUN='' EXPECT='' KNOWN_CLIS=$CLIS
  LARGEST=10485760 BACKUPS=3 PATIENCE=60
  users=0 skipped=0 worst=0 second='' changed='' lock='' complaint='' token='' helper='' machine_name=''
  trap leave EXIT
  trap stopped INT TERM HUP
  take_options "$@"
  set --
  read_options
  check_options
  if [ "$ACTION" = help ]; then
    usage
    finished=yes
    exit 0
  fi
  check_machine
  # A person is told first what it is for.
  if [ "$SAYS" = no ]; then get_token; fi
  if wants host; then machine_name=$(identity); fi
  enter
  if [ "$ACTION" = self-test ]; then
    self_test
    finish ok 0
  fi
  find_people
  if [ "$SAYS" = yes ]; then
    announce
    # The token file may be named relative to where this was started.
    cd "${OLDPWD:-/}" 2>/dev/null || :
    get_token
    cd "$work"
  fi
  work_through
  conclude
  case $worst:$states in
    0:*=drift*) if [ "$ACTION" = report ]; then finish drift 10; else finish drift 0; fi ;;
    0:*=stale*) if [ "$ACTION" = report ]; then finish drift 10; else finish drift 0; fi ;;
    0:*=ok*) finish ok 0 ;;
    0:*) if [ "$ACTION" = report ]; then finish absent 9; else finish absent 0; fi ;;
    *) finish error "$worst" ;;
  esac
}

# In braces, so that a script that was cut off does nothing, rather than something without its options.
{ main "$@"; }
