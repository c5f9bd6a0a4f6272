# say KIND CLI FILE TEXT: a line for a person; with the option records all four fields, for a program.
say() {
  case $SAYS in
    yes) printf '%s\n' "$4" ;;
    records) printf '%s\t%s\t%s\t%s\n' "$@" ;;
  esac
}
