# environ PID PATTERN: whether a process was started with a variable whose name is like that.
if [ -r "/proc/$1/environ" ]; then tr "\000" "\n" <"/proc/$1/environ"; else ps eww -o command= -p "$1" | tr " " "\n"; fi 2>/dev/null | grep -Eq "^($2)="
