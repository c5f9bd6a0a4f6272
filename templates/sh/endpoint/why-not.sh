why_not() {
  case $1 in
    link) echo "is a symbolic link, which is not followed" ;;
    linked) echo "is in a folder that is a symbolic link, which is not followed" ;;
    kind) echo "is not a regular file" ;;
    folder) echo "is below something that is not a folder" ;;
    large) echo "is larger than $LARGEST bytes" ;;
    loose) echo "can be written by others than its owner; fix that with chmod go-w" ;;
    record) echo "has an undo record that cannot be read" ;;
    *) echo "cannot be read" ;;
  esac
}

# is_loose FILE: whether others than its owner can write it.
is_loose() {
  # shellcheck disable=SC2012 # the mode, in the one way every ls prints it
  case $(ls -ld "$1" 2>/dev/null | cut -c1-10) in -????w* | -???????w*) return 0 ;; esac
  return 1
}
