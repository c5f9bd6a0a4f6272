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

# runs "PID START": whether the process that a lock names still runs.
runs() {
  set -- "${1%% *}" "${1#* }" "$(started "${1%% *}" 2>/dev/null)"
  if [ -n "$3" ]; then [ "$3" = "$2" ]; else kill -0 "$1" 2>/dev/null; fi
}

# take_lock LINK SECONDS: one run at a time. The lock is a symbolic link, which is made whole or not at all, and it names its owner; one
# whose owner no longer runs is removed. Sets lock. Returns 1 if after so many seconds the process $holder still has it, 2 if it cannot be
# made. What $table says of the place, with a blank before it, goes behind the number and start of the owner, for is_held.
take_lock() {
  me="$$ $(started $$)${table-}"
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
  # Left by those that were killed while they cleared.
  for left in "$1".clear*; do clear_lock "$left"; done || :
  lock=$1
}

# clear_lock LINK: removes a lock whose owner no longer runs. One process at a time, by a lock of its own, and after one more look: since the
# first the owner may have released it and another taken it. Returns 1 if the process $holder has it, or nobody.
clear_lock() {
  holder=$(readlink "$1") || holder=
  if [ -z "$holder" ] || is_held "$1" "$holder"; then return 1; fi
  if ln -s "$me" "$1.clear" 2>/dev/null; then
    [ "$(readlink "$1")" != "$holder" ] || rm -f "$1"
    rm -f "$1.clear"
  else
    clear_lock "$1.clear" || sleep 1
  fi
}
