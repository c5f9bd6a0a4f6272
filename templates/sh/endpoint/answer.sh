# take_answer FILE: asks its owner for it. Only numbers are taken as numbers: whoever owns it may answer as they like.
take_answer() {
  : >before
  : >rest
  fetched='' records='' folders='' rights=''
  run_as "$uid" "$name" "$READ" "$1" "$LARGEST" "$MAY_WRITE" </dev/null || :
  IFS=' ' read -r fetched records folders rights <answer || :
  case $records:$folders in
    *[!0-9:]* | :* | *: | ?????????????*) fetched=unreadable records=0 folders=0 ;;
    *) tail -c "+$((${#fetched} + ${#records} + ${#folders} + ${#rights} + 5))" answer >rest ;;
  esac
}
