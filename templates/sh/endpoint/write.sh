# replace FILE MODE EXPECTED CONTENT: puts CONTENT from the work folder in the place of FILE, as its owner.
replace() { run_as "$uid" "$name" "$REPLACE" "$1" "$2" "$3" "$("$SUM" <"$4")" "$SUM" <"$4"; }
