# Accounts of people as lines UID, NAME, HOME with tabs between; without service accounts and hidden ones.
people_macos() {
  {
    for key in UniqueID UserShell NFSHomeDirectory IsHidden; do
      printf '%s\n' "- $key"
      dscl . -list /Users "$key" 2>/dev/null || :
    done
  } | "$AWK" '
    $1 == "-" { key = $2; next }
    {
      name = $1
      value = $0
      sub(/^[^ \t]+[ \t]+/, "", value)
      fact[key, name] = value
      if (key == "UniqueID") order[++count] = name
    }
    END {
      for (i = 1; i <= count; i++) {
        name = order[i]
        if (fact["UniqueID", name] + 0 < 501 || name ~ /^_/) continue
        if (fact["IsHidden", name] ~ /^(1|YES|true)$/) continue
        if (fact["UserShell", name] ~ /\/(false|nologin)$/) continue
        print fact["UniqueID", name] "\t" name "\t" fact["NFSHomeDirectory", name]
      }
    }'
}
