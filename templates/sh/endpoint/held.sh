# The number of a process is enough here.
is_held() { runs "$2"; }
