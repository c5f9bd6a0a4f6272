# look HOME: reads lines "CLI KIND PATTERN" and prints CLI=RELEASE for each release found, CLI=? for a CLI that is or was used but whose
# release is unknown, CLI=ours for an undo record of this script.
cd "$1" 2>/dev/null || exit 3
[ -r . ] && [ -x . ] || exit 3
while IFS=" " read -r cli kind pattern; do
  IFS=
  # Unquoted on purpose: patterns expand, and without IFS nothing is split.
  # shellcheck disable=SC2086
  set -- $pattern
  IFS=" "
  for path in "$@"; do
    release=
    case $kind in
      package)
        [ -f "$path" ] && [ -r "$path" ] || continue
        release=$(head -c 262144 "$path" | tr ",{" "\n\n" | sed -n "s/.*\"version\"[^\"]*:[^\"]*\"\([^\"]*\)\".*/\1/p" | sed 1q)
        ;;
      link)
        [ -L "$path" ] || continue
        release=$(readlink "$path") release=${release##*/}
        ;;
      folder)
        [ -d "$path" ] || continue
        release=${path##*/}
        ;;
      trace)
        [ -e "$path" ] || continue
        ;;
      ours)
        [ ! -e "$path" ] || printf "%s=ours " "$cli"
        continue
        ;;
    esac
    release=${release%%[!0-9.]*}
    case $release in
      *[0-9].*[0-9].*[0-9]) ;;
      *[0-9].*[0-9]) release=$release.0 ;;
      *) release="?" ;;
    esac
    printf "%s=%s " "$cli" "$release"
  done
done
