# read FILE LIMIT: state is ok, absent or why FILE cannot be used; folders is how many folders above it are missing.
file=$1 folders=0 state=ok
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
