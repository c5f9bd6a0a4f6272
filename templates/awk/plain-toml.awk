# Whether a file has only known lines of TOML: exit code 0. With others it is 1: its reader may take it or not. Variable: known, regular expressions with tabs
# between, three for each table: its name, or nothing for the top; its first line, or nothing; its other lines. In these @ is a text, ? a switch, and blanks may
# stand around an =.

BEGIN {
  gsub(/=/, " *= *", known); gsub(/@/, "\"[] !#-[^-~]*\"", known); gsub(/[?]/, "(true|false)", known)
  for (i = split(known, cell, "\t"); i > 0; i -= 3) { head[i] = cell[i - 2]; first[i] = cell[i - 1]; more[i] = cell[i]; if (head[i] == "") now = i }
}

{ sub(/( +#[^"]*)?[ \t\r]*$/, "") }

/^(#.*)?$/ && !/[^\t -~]/ { next }

/^\[.*\]$/ && !waits && !seen[$0]++ {
  table = substr($0, 2, length($0) - 2); now = 0
  for (i in head) if (head[i] != "" && table ~ "^" head[i] "$") { now = i; waits = first[i] != "" }
  if (now) next
}

/^[^[]/ {
  key = $0; sub(/ *=.*/, "", key)
  if (waits) { now = 0; for (i in head) if (table ~ "^" head[i] "$" && $0 ~ "^(" first[i] ")$") now = i }
  if (now && (waits || $0 ~ "^(" more[now] ")$") && !seen[table, key]++) { waits = 0; next }
}

{ odd = 1; exit }

END { exit odd || waits }
