# elsewhere PID VARIABLE BELOW USUAL FOLDER: whether a process surely has another folder of settings: BELOW what the variable says, or
# USUAL in its home. Only Linux shows variables apart from what only looks like one.
pid=$1
# One that has ended reads nothing.
kill -0 "$pid" 2>/dev/null || exit 0
value() { tr "\000" "\n" <"/proc/$pid/environ" | sed -n "s/^$1=//p"; } 2>/dev/null
there=$(value "$2")
if [ -n "$there" ]; then there=$there$3; else there=$(value HOME)/$4; fi
case $there in /*) ;; *) exit 1 ;; esac
there=$(cd "$there" && pwd -P) && here=$(cd "$5" && pwd -P) && [ "$there" != "$here" ]
