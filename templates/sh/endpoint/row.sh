# One row of a plan, for the feature WHEN or always. The value may hold the token, so it goes through pipes only.
# row TYPE POINTER VALUE [WHEN]
row() { if [ -z "${4-}" ] || wants "$4"; then put "set$tab$2$tab$1$tab$3" && echo; fi; }
# point_at WORD: sets pointer; names in capitals are those of variables.
point_at() { case $1 in /*) pointer=$1 ;; OTLP_*) pointer=/env/OTEL_EXPORTER_$1 ;; *) pointer=/env/$1 ;; esac; }
# text WORD VALUE [WHEN]
text() {
  point_at "$1"
  row string "$pointer" "$2" "${3-}"
}
