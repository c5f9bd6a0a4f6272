# read FILE LIMIT: state is ok, absent or why FILE cannot be used; folders is how many folders above it are missing; rights is its mode.
# A FILE that is not absolute would be below the working folder of this script: it is said to be below no folder.
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
