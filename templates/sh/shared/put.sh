have() { command -v "$1" >/dev/null 2>&1; }

# Prints its argument without a line break, and without a program that would show it in the process list.
if [ "$(command -v printf)" = printf ]; then
  put() { printf %s "$1"; }
elif [ "$(command -v print)" = print ]; then
  put() { print -rn -- "$1"; }
else
  echo 'error: this shell has no built-in printf; run the script with dash, bash, zsh or busybox sh' >&2
  exit 13
fi
