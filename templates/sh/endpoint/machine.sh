check_machine() {
  case $(uname -s) in
    Darwin) OS=macos ;;
    Linux) OS=linux ;;
    *) OS=other ;;
  esac
  case " $SYSTEMS " in *" $OS "*) ;; *) fail 13 "this script is for: $SYSTEMS" ;; esac
  for program in "$AWK" cmp mktemp readlink tr wc; do
    have "$program" || fail 13 "the program $program is not installed"
  done
  # Checksums that tell whether a file is still the same; some builds of busybox have no cksum.
  SUM='cksum'
  have cksum || SUM='sha256sum'
  have "$SUM" || fail 13 "neither cksum nor sha256sum is installed"
  have sha256sum || have shasum || have openssl || fail 13 "none of sha256sum, shasum and openssl is installed"
  self=$(id -u)
  if [ "$self" -ne 0 ]; then
    if [ "$SCOPE" = system ]; then fail 2 "scope=system needs root; run it with sudo, or with scope=user"; fi
    USERS=self
  fi
  become=
  for program in runuser sudo su; do
    if [ -z "$become" ] && have "$program"; then become=$program; fi
  done
}

# run_as UID NAME PROGRAM ARGUMENTS...: runs one of the small programs above as the owner of the files it touches.
run_as() {
  as_uid=$1 as_name=$2 as_program=$3
  shift 3
  if [ "$as_uid" = "$self" ]; then
    "$SH" -c "$as_program" crossfade "$@"
    return
  fi
  case $become in
    runuser) runuser -u "$as_name" -- "$SH" -c "$as_program" crossfade "$@" ;;
    sudo) sudo -n -u "#$as_uid" -- "$SH" -c "$as_program" crossfade "$@" ;;
    su) su -s "$SH" "$as_name" -c "$as_program" crossfade "$@" ;;
    *) return 13 ;;
  esac
}

# Where file systems are mounted and of which type they are, with a tab between.
mounts() {
  if [ -r /proc/self/mounts ] && [ "$OS" = linux ]; then
    "$AWK" '{ print $2 "\t" $3 }' /proc/self/mounts
  else
    mount | sed -n 's/^.* on \(.*\) (\([A-Za-z0-9._]*\).*$/\1	\2/p'
  fi
}

# Drops accounts whose home is on the network or missing, and says how many.
at_home() {
  { mounts; echo; cat; } | "$AWK" -F '\t' '
    $0 == "" { people = 1; next }
    !people { gsub(/\\040/, " ", $1); type[$1] = $2; next }
    $3 !~ /^\/./ || $2 ~ /^-/ { skipped++; next }
    {
      for (at = $3; at != "" && !(at in type); ) sub(/\/[^\/]*$/, "", at)
      if (at == "") at = "/"
      if (type[at] ~ /^(nfs.*|cifs|smb.*|afp.*|autofs|fuse\.sshfs|macfuse|webdav|davfs|ceph|glusterfs|lustre|ncpfs)$/) skipped++
      else print
    }
    END { print "skipped\t" skipped + 0 }'
}

# Writes people and what each has to the file people, a line each: UID, NAME, HOME, WORDS.
find_people() {
  # These variables are about the account that runs this.
  if [ "$USERS" = all ]; then forget_folders; fi
  if [ "$USERS" = self ]; then
    name=$(id -un)
    home=${HOME-}
    case $home in /?*) ;; *) home=$(people | "$AWK" -F '\t' -v uid="$self" '$1 == uid { print $3 }') ;; esac
    printf '%s\t%s\t%s\n' "$self" "$name" "$home"
  else
    people | sort -n
  fi | at_home >accounts
  machine=$(machine_signs | "$SH" -c "$LOOK" crossfade "$ROOT/")
  while IFS=$tab read -r uid name home <&3; do
    if [ "$uid" = skipped ]; then
      skipped=$((skipped + name))
    elif words=$(user_signs | run_as "$uid" "$name" "$LOOK" "$home"); then
      users=$((users + 1))
      printf '%s\t%s\t%s\t%s\n' "$uid" "$name" "$home" "$machine$words"
    else
      skipped=$((skipped + 1))
    fi
  done 3<accounts >people
}

# older A B: whether one release is before another.
older() {
  first=$1. second=$2.
  while [ -n "$first" ]; do
    if [ "${first%%.*}" -ne "${second%%.*}" ]; then
      [ "${first%%.*}" -lt "${second%%.*}" ]
      return
    fi
    first=${first#*.}
    second=${second#*.}
  done
  return 1
}

# release_of CLI WORDS...: sets release to the oldest of those found; ? if none is known; nothing if the CLI is not found.
release_of() {
  which=$1 release=
  shift
  for word in "$@"; do
    case $word in
      "$which=ours") ;;
      "$which=?") : "${release:=?}" ;;
      "$which="*) if [ -z "$release" ] || [ "$release" = "?" ] || older "${word#*=}" "$release"; then release=${word#*=}; fi ;;
    esac
  done
}
