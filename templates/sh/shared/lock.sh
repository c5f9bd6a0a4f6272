# When the process with this id started; tells it from a later process with the same id.
started() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat <"/proc/$1/stat" || stat=
    # shellcheck disable=SC2086 # split into fields, after the name in brackets
    set -- ${stat##*\) }
    put "${20-}"
  else
    put "$(ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)"
  fi
}

# Where numbers of processes mean what they mean here, as BOOT/TABLE/HOST: each start of a machine, and each container, has a table of its own.
here() {
  boot=
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r boot </proc/sys/kernel/random/boot_id || :
  else
    boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null) || :
  fi
  put "${boot:--}/$(readlink /proc/self/ns/pid 2>/dev/null || put -)/$(uname -n | tr -d ' /')"
}

# is_here "PID START PLACE": whether the number can be looked for here. One without a place is of an earlier version.
is_here() {
  [ "${1#* * }" != "$1" ] || return 0
  set -- "${1##* }"
  [ "${1%/*}" = "${locality%/*}" ] || return 1
  [ "${1%%/*}" != - ] || [ "$1" = "$locality" ]
}

# runs LINK "PID START PLACE": whether the process that a lock names still runs. That of another container or machine is not to be seen from
# here: it counts as running for a day, or until the machine of that name was started again.
runs() {
  if is_here "$2"; then
    set -- "${2%% *}" "${2#* }"
    set -- "$1" "${2%% *}" "$(started "$1" 2>/dev/null)"
    if [ -n "$3" ]; then [ "$3" = "$2" ]; else kill -0 "$1" 2>/dev/null; fi
  else
    set -- "$1" "${2##* }"
    if [ "${2##*/}" = "${locality##*/}" ] && [ "${2%%/*}" != "${locality%%/*}" ]; then return 1; fi
    [ -z "$(find "$1" -mtime +0 2>/dev/null)" ]
  fi
}

# take_lock LINK SECONDS: one run at a time. The lock is a symbolic link, which is made whole or not at all, and it names its owner; one
# whose owner no longer runs is removed. Sets lock. Returns 1 if after so many seconds the process $holder still has it, 2 if it cannot be
# made.
take_lock() {
  locality=$(here)
  me="$$ $(started $$) $locality"
  waited=0
  unseen=0
  [ ! -d "$1" ] || return 2
  until ln -s "$me" "$1" 2>/dev/null; do
    if clear_lock "$1" || [ -z "$holder" ]; then
      # It was removed at this moment, or it cannot be made.
      unseen=$((unseen + 1))
      [ "$unseen" -lt 60 ] || return 2
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      unseen=0
      sleep 1
    fi
  done
  # Left by one that was killed while it cleared.
  clear_lock "$1.clear" || :
  lock=$1
}

# clear_lock LINK: removes a lock whose owner no longer runs. One process at a time, by a lock of its own, and after one more look: since the
# first the owner may have released it and another taken it. Returns 1 if the process $holder has it, or nobody.
clear_lock() {
  holder=$(readlink "$1") || holder=
  if [ -z "$holder" ] || runs "$1" "$holder"; then return 1; fi
  if ln -s "$me" "$1.clear" 2>/dev/null; then
    [ "$(readlink "$1")" != "$holder" ] || rm -f "$1"
    rm -f "$1.clear"
  else
    clear_lock "$1.clear" || sleep 1
  fi
}

# Whether the lock is still ours: after a day another may have taken it.
has_lock() { [ -n "$lock" ] && [ "$(readlink "$lock")" = "$me" ]; }

# holder_name LINK: the process that has it, and what is known of it where its number means nothing here.
holder_name() {
  put "process $(put "${holder%% *}" | tr -cd 0-9)"
  is_here "$holder" || put " on $(put "${holder##*/}" | tr -cd A-Za-z0-9._-), in another container or on another machine; remove $1 if it ended"
}
