tab=$(printf '\t')

# say KIND CLI FILE TEXT: a line for a person; with the option records all four fields, for a program.
say() {
  case $SAYS in
    yes) printf '%s\n' "$4" ;;
    records) printf '%s\t%s\t%s\t%s\n' "$@" ;;
  esac
}

# Text from outside, without characters that control a terminal. A range, because tr of busybox has no class [:print:].
plain() { put "$1" | tr -c ' -~' '?'; }

# fail CODE REASON: one line for a person, the report line, and the end.
fail() {
  printf 'error: %s\n' "$2" >&2
  fingerprints=none
  finish error "$1"
}

# trouble CLI FILE REASON [CODE]: one file is left unchanged; the work goes on.
trouble() {
  set_state "$1" error
  printf 'error: %s: %s\n' "$(plain "$2")" "$3" >&2
  if [ "$worst" -ne 12 ]; then worst=${4-11}; fi
}

# set_state CLI STATE: of two states of a CLI the worse one stays.
states=
set_state() {
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

# some_cli STATE: whether any CLI has this state.
some_cli() { case $states in *"=$1 "*) return 0 ;; esac; return 1; }

# finish RESULT CODE: the report line, and the end.
fingerprints=none
finished=
finish() {
  finished=yes
  line="crossfade $1 fp=$fingerprints cfg=1 cli=$(put "$states" | sed 's/^ *//; s/ *$//; s/  */,/g; s/=/:/g') users=$users"
  if [ "$skipped" -gt 0 ]; then line="$line skipped=$skipped"; fi
  if [ "$SAYS" = records ]; then say report '' '' "$line"; else print_report "$line"; fi
  leave_trace "$1" || :
  code=0
  exit_code "$2" || code=$?
  exit "$code"
}
