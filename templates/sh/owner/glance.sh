# glance FILE LIMIT: prints a line "STATE" and, if it is ok, the bytes of FILE. Links are followed, as the CLI does.
file=$1 limit=$2
if [ ! -e "$file" ]; then echo absent
elif [ ! -f "$file" ]; then echo kind
elif [ ! -r "$file" ]; then echo unreadable
elif [ "$(head -c $((limit + 1)) "$file" | wc -c)" -gt "$limit" ]; then echo large
else echo ok && cat "$file"
fi
