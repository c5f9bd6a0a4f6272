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
