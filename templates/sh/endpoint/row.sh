# One row of a plan, for the feature WHEN or always. The value may hold the token, so it goes through pipes only.
# row TYPE POINTER VALUE [WHEN]
row() { if [ -z "${4-}" ] || wants "$4"; then put "set$tab$2$tab$1$tab$3" && echo; fi; }
