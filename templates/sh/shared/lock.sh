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

# take_lock LINK SECONDS: one run at a time. The lock is a symbolic link, which is made whole or not at all, and it names its owner; a
# lock whose owner no longer runs is taken over. Sets lock. Returns 1 if after so many seconds the process $holder still has it, 2 if it
# cannot be made.
take_lock() {
  me="$$ $(started $$)"
  waited=0
  unseen=0
  if [ -e "$1" ] && [ ! -L "$1" ]; then return 2; fi
  until ln -s "$me" "$1" 2>/dev/null; do
    holder=$(readlink "$1") || holder=
    if [ -z "$holder" ]; then
      # It was released at this moment, or it cannot be made.
      unseen=$((unseen + 1))
      if [ ! -w "${1%/*}" ] || [ "$unseen" -gt 60 ]; then return 2; fi
    elif [ "$(started "${holder%% *}" 2>/dev/null)" != "${holder#* }" ]; then
      # Moved away, then checked: of two runs that find it stale, one may move the other's new lock, and gives it back.
      mv "$1" "$1.stale.$$" 2>/dev/null || continue
      if [ "$(readlink "$1.stale.$$")" = "$holder" ]; then rm -f "$1.stale.$$"; else mv "$1.stale.$$" "$1"; fi
    else
      [ "$waited" -lt "$2" ] || return 1
      waited=$((waited + 1))
      sleep 1
    fi
  done
  lock=$1
}
