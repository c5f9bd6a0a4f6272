# elsewhere PID VARIABLE BELOW USUAL FOLDER: whether a process was surely started with another folder of settings: the one that the variable
# names, with BELOW, or USUAL in its home. Only Linux tells variables apart from what only looks like one.
[ -r "/proc/$1/environ" ] || exit 1
named=$(tr "\000" "\n" <"/proc/$1/environ" 2>/dev/null | grep "^$2=.")
if [ -n "$named" ]; then
  there=${named#*=}$3
else
  named=$(tr "\000" "\n" <"/proc/$1/environ" 2>/dev/null | grep "^HOME=.")
  there=${named#*=}/$4
fi
case $there in
  *"
"*) exit 1 ;;
  /*) there=$(CDPATH='' cd "$there" 2>/dev/null && pwd -P) || exit 1 ;;
  *) exit 1 ;;
esac
here=$(CDPATH='' cd "$5" 2>/dev/null && pwd -P) || exit 1
[ "$there" != "$here" ]
