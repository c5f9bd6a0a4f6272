# Accounts of people as lines UID, NAME, HOME with tabs between. The owners of folders in /home count too: accounts of a directory
# service are often not in the list.
people_linux() {
  {
    if have getent; then
      getent passwd
      # shellcheck disable=SC2012 # the numbers of the owners, in the one way every ls prints them
      for number in $(ls -nd "$ROOT"/home/* 2>/dev/null | "$AWK" '{ print $3 }' | sort -u); do getent passwd "$number" || :; done
    else
      cat "$ROOT/etc/passwd"
    fi
  } 2>/dev/null | "$AWK" -F: '
    seen[$3]++ { next }
    ($3 >= 1000 && $3 < 60000) || ($3 >= 60001 && $3 <= 60513) || $3 >= 65536 {
      if ($7 !~ /\/(nologin|false|sync|halt|shutdown)$/) print $3 "\t" $1 "\t" $6
    }'
}
