# The checksum that a file must still have when it is replaced.
expected() { if [ "$fetched" = ok ]; then "$SUM" <old; else echo absent; fi; }

# replace FILE MODE EXPECTED CONTENT: puts CONTENT from the work folder in the place of FILE, as its owner.
replace() { run_as "$uid" "$name" "$REPLACE" "$1" "$2" "$3" "$("$SUM" <"$4")" "$SUM" <"$4"; }
