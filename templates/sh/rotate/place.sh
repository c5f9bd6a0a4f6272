# rights_of PATH: its mode as ls prints it, and the numbers of its owner and its group.
rights_of() {
  # shellcheck disable=SC2012 # numbers of owner and group, in the one way every ls prints them
  ls -nd "$1" | awk '{ print $1, $3, $4; exit }'
}

# Who can write a folder on the way to the token can swap files while they are written: only root and the caller may be able to.
check_way() {
  directory=$(cd -P "$directory" && pwd -P) || die 11 "the folder $directory cannot be entered" "run this as root or as its owner"
  caller=$(id -u)
  step=$directory
  while :; do
    rights=$(rights_of "$step/.")
    account=${rights#* }
    account=${account% *}
    if [ "$account" != 0 ] && [ "$account" != "$caller" ]; then
      die 11 "the folder $step belongs to account $account, which could swap files in it during the change" \
        "run this as that account, or have root own the folder: chown root $step"
    fi
    # In a folder like /tmp nobody else can rename what is ours; the token's own folder must not be like that.
    case $rights in
      ?????????[tT]*) [ "$step" = "$directory" ] || rights= ;;
    esac
    case $rights in
      ?????w* | ????????w*)
        die 11 "other accounts can write the folder $step, and could swap files in it during the change" "chmod go-w $step"
        ;;
    esac
    [ "$step" != / ] || break
    step=${step%/*}
    step=${step:-/}
  done
}

# What the token file is like, so that its successor is like it: owner, group, mode, access list.
look_at_file() {
  was_owner=
  keep_owner=${OWNER_WISH:-$OWNER}
  keep_mode=u=r,g=,o=
  keep_list=
  [ -e "$TOKEN_FILE" ] || return 0
  [ -f "$TOKEN_FILE" ] || die 11 "$TOKEN_FILE is not a regular file" "name the token file with --token-file"
  rights=$(rights_of "$TOKEN_FILE")
  keep_mode=$(printf '%s\n' "$rights" | awk '{
    who = "ugo"
    for (n = 1; n <= 3; n++) {
      bits = substr($1, 3 * n - 1, 3)
      gsub(/[st]/, "x", bits)
      gsub(/[^rwx]/, "", bits)
      printf "%s%s=%s", (n > 1 ? "," : ""), substr(who, n, 1), bits
    }
  }')
  was_owner=${rights#* }
  was_owner=${was_owner% *}:${was_owner#* }
  keep_owner=${OWNER_WISH:-$was_owner}
  if have getfacl && have setfacl; then
    keep_list=$(getfacl -cpn "$TOKEN_FILE" 2>/dev/null) || keep_list=
    # Three entries are what the mode says already.
    case $keep_list in *mask::*) ;; *) keep_list= ;; esac
  else
    # shellcheck disable=SC2012 # the mark behind the mode
    case $(ls -nd "$TOKEN_FILE") in
      ??????????+*) die 13 "$TOKEN_FILE has an access list, and getfacl and setfacl are not here to keep it" "install the package acl" ;;
    esac
  fi
}

# write_file PATH VALUE: puts a value into a file whole, readable by the caller alone. The token file has to hold $line still when it is
# replaced, as that is what was judged: otherwise it stays, and overtaken is set.
write_file() {
  overtaken=
  temporary=$(mktemp "$directory/.crossfade.XXXXXX") || die 12 "cannot create a file in $directory" "free some space"
  put "$2" >"$temporary" || die 12 "cannot write to $directory" "free some space"
  chmod 0400 "$temporary"
  if [ "$1" = "$TOKEN_FILE" ]; then
    judged=$line
    dress
    keep_apart
  fi
  sync "$temporary" 2>/dev/null || sync
  if [ "$1" = "$TOKEN_FILE" ]; then
    first_line "$TOKEN_FILE"
    if [ "$line" != "$judged" ]; then
      overtaken=yes
      rm -f "$temporary"
      temporary=
      return 0
    fi
  fi
  mv -f "$temporary" "$1" || die 12 "cannot replace $1" "check the folder's mode"
  temporary=
}

# Two changes of the file a few milliseconds apart can end a watch for good: then the second one is never read, nor any after it.
keep_apart() {
  if [ "$(($(date +%s) - written))" -lt 2 ]; then sleep 1; fi
  written=$(date +%s)
}

# Gives the new file the owner, group, mode, access list and label of the one from before, and has the collector's account try it.
dress() {
  if [ -n "$keep_owner" ] && { [ "$caller" = 0 ] || [ -e "$TOKEN_FILE" ]; }; then
    now=$(rights_of "$temporary")
    now=${now#* }
    [ "${now% *}:${now#* }" = "$keep_owner" ] || chown "$keep_owner" "$temporary" 2>/dev/null ||
      die 12 "cannot give the new file to $keep_owner" "run this as root, or name an account with --owner"
  fi
  chmod "$keep_mode" "$temporary"
  if [ -n "$keep_list" ]; then
    printf '%s\n' "$keep_list" | setfacl --set-file=- "$temporary" ||
      die 12 "cannot give the new file the access list of the old one" "check the file system"
  fi
  # Where there are no labels, ls prints a question mark for one.
  case $(ls -Zd "$TOKEN_FILE" 2>/dev/null) in
    '' | '?'*) ;;
    *) chcon --reference="$TOKEN_FILE" "$temporary" 2>/dev/null || warn "the SELinux label of $TOKEN_FILE could not be kept" ;;
  esac
  if ! reads "$temporary"; then
    die 11 "the collector's account ($reader) could not read the new file; nothing was changed" \
      "let that account read $TOKEN_FILE, or name the collector's process with --pid"
  fi
}

# Removes what a run that was killed left behind. The folder is ours alone, so the names are, too.
sweep() {
  for left in "$directory"/.crossfade.??????; do
    if [ -f "$left" ] && [ ! -L "$left" ]; then rm -f "$left"; fi
  done
}

# Whether a regular file can be read and is no larger than a file with a token can be.
is_small_file() {
  # shellcheck disable=SC2012 # the size without reading what may be endless
  [ -f "$1" ] && [ -r "$1" ] && [ "$(ls -nd "$1" | awk '{ print $5; exit }')" -le 65536 ]
}

# first_line FILE: sets line to what a token file holds; to nothing where it cannot be read.
first_line() {
  line=
  if is_small_file "$1"; then IFS= read -r line <"$1" || :; fi
}

# Whoever changed the file since a new token was tried in it meant that: it stays. $line is what it holds, $1 the fingerprint that was tried;
# where that is not known, it may have been changed.
is_foreign() { [ -n "$line" ] && [ "$(fingerprint "$line")" != "$1" ]; }

# What a file holds that is not empty, and that is no token, is not ours to lose. $line is what was read from it.
keep_unread() {
  [ -n "$line" ] || [ ! -s "$1" ] || die 11 "no token can be read from $1, which is not empty; what is in it would be lost" \
    "run this as an account that may read it, or move the file away"
}

# A run that was killed while it tried a new token left the old one beside it: back it goes.
recover() {
  if [ ! -f "$trial" ] || [ -L "$trial" ]; then
    rm -f "$tried"
    return 0
  fi
  first_line "$trial"
  keep_unread "$trial"
  put_back=$line
  first_line "$tried"
  tried_print=$line
  first_line "$TOKEN_FILE"
  keep_unread "$TOKEN_FILE"
  if [ -z "$put_back" ] || [ "$put_back" = "$line" ]; then
    forget_trial
  elif is_foreign "$tried_print"; then
    keep_old
    came="which came after a run that was interrupted"
    [ -n "$tried_print" ] || came="and nothing shows whether a run that was interrupted put it there"
    warn "fp=$(fingerprint "$line") is in place, $came, and stays; the token from before that run is kept in $kept"
  else
    write_file "$TOKEN_FILE" "$put_back"
    if [ -n "$overtaken" ]; then
      recover
      return 0
    fi
    apply_change || warn "the collector could not be told; see its log"
    say "restored  fp=$(fingerprint "$put_back") is in place again: a run was interrupted before it proved the new token"
    forget_trial
  fi
  put_back=''
  line=''
}

forget_trial() {
  rm -f "$trial" "$tried"
  trying=
}

# The run ends without a proof: the new token stays, and the old one is kept, or the one before it that was proven.
keep_old() {
  if [ -f "$kept" ]; then rm -f "$trial"; else mv -f "$trial" "$kept"; fi
  forget_trial
}
