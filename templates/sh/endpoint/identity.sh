# What names this machine, as resource attributes. https://opentelemetry.io/docs/specs/semconv/resource/host/
identity() {
  if [ "$OS" = macos ]; then
    host=$(scutil --get LocalHostName 2>/dev/null) || host=$(uname -n)
    id=$(ioreg -rd1 -c IOPlatformExpertDevice 2>/dev/null | sed -n 's/.*"IOPlatformUUID" = "\([^"]*\)".*/\1/p')
  else
    host=$(uname -n)
    id=
    if [ -r "$ROOT/etc/machine-id" ]; then read -r id <"$ROOT/etc/machine-id" || :; fi
  fi
  put "host.name=$(put "$host" | tr -cd 'A-Za-z0-9._-')${id:+,host.id=$(put "$id" | tr -cd 'A-Za-z0-9._-')}"
}
