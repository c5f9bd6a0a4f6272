# Where numbers of processes mean what they mean here, as BOOT/TABLE/HOST@LAYER: each start of a machine, and each container, has a table of its
# own. LAYER is what a container writes to, which stays the same when it is started again.
here() {
  boot=
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r boot </proc/sys/kernel/random/boot_id || :
  else
    boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null) || :
  fi
  put " ${boot:--}/$(readlink /proc/self/ns/pid 2>/dev/null || put -)/$(uname -n | tr -d ' /@')@$(layer | tr / :)"
}

# The folder of the machine in which the container's own files are; nothing outside of a container, and in a table of processes within it, which
# has a /proc of its own: there the number 1 says nothing of the container.
# https://docs.kernel.org/filesystems/overlayfs.html https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
layer() {
  [ -r /proc/self/mountinfo ] || return 0
  own=
  tables=0
  while read -r line; do
    line=${line#* * * * }
    case $line in
      '/ '*' - overlay '*upperdir=*) own=${line##*upperdir=} ;;
      '/ '*) own= ;;
      '/proc '*) tables=$((tables + 1)) ;;
    esac
  done </proc/self/mountinfo
  [ "$tables" -ne 1 ] || put "${own%%,*}"
}

# is_here "PID START PLACE": whether the number can be looked for here. One without a place is of an earlier version.
is_here() {
  [ "${1#* * }" != "$1" ] || return 0
  set -- "${1##* }" "${me##* }"
  [ "${1%/*}" = "${2%/*}" ] || return 1
  [ "${1%%/*}" != - ] || [ "$1" = "$2" ]
}

# is_held LINK "PID START PLACE": whether the process that a lock names still runs. That of another container or machine is not to be seen from
# here: it counts as running for a day, or until the machine of that name, or that container, was started again.
is_held() {
  if is_here "$2"; then
    set -- "${2%% *}" "${2#* }"
    runs "$1 ${2%% *}"
  else
    set -- "$1" "${2##* }" "${me##* }" "${2% *}"
    set -- "$@" "${2##*/}" "${3##*/}"
    if [ "${5%@*}" = "${6%@*}" ] && [ "${2%%/*}" != "${3%%/*}" ]; then return 1; fi
    # The same container since: its process 1 began after that one.
    if [ "$5" = "$6" ] && [ -n "${6##*@}" ] && [ "$(started 1)" -gt "${4#* }" ] 2>/dev/null; then return 1; fi
    [ -z "$(find "$1" -mtime +0 2>/dev/null)" ]
  fi
}

# holder_name LINK: the process that has it, and what is known of it where its number means nothing here.
holder_name() {
  put "process $(put "${holder%% *}" | tr -cd 0-9)"
  is_here "$holder" || put " on $(put "${holder##*/}" | sed 's/@.*//' | tr -cd A-Za-z0-9._-), in another container or on another machine; remove $1 if it ended"
}

# Whether the lock is still ours: after a day another may have taken it.
has_lock() { [ -n "$lock" ] && [ "$(readlink "$lock")" = "$me" ]; }
