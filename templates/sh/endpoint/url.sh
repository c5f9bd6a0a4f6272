# Where telemetry goes: an https URL, or http to this machine.
check_endpoint() {
  place=${ENDPOINT#*://}
  while [ "${place%/}" != "$place" ]; do place=${place%/}; done
  case $ENDPOINT in
    '') fail 2 "no endpoint is given" ;;
    https://* | http://*) ENDPOINT=${ENDPOINT%%:*}://$place ;;
    *) fail 2 "the endpoint does not begin with https://" ;;
  esac
  case $place in
    *@*) fail 2 "the endpoint contains a user name; the token is given separately" ;;
    *[!]A-Za-z0-9._~:/%[-]*) fail 2 "the endpoint contains a character that is not allowed in a base URL" ;;
    */v1/logs | */v1/metrics | */v1/traces) fail 2 "the endpoint is for one signal only; remove its end from /v1 on" ;;
  esac
  authority=${place%%/*}
  label='[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?' octet='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
  port='(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[0-5]?[0-9]{1,4}))?'
  host="$label([.]$label)*[.]?"
  # What ends in a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
  if is_like "([^:]*[.])?([0-9]+|0x[0-9a-f]*)[.]?(:.*)?"; then host="$octet([.]$octet){3}"; fi
  is_like "(\\[[0-9a-f:.]+\\]|$host)$port" || fail 2 "the endpoint names no host and port that could exist"
  case $ENDPOINT in
    http://*) is_like "(localhost|\\[::1\\]|127([.][0-9]+){3})$port" || fail 2 "the endpoint is http to another machine: the token would cross the network in clear text" ;;
  esac
}

# is_like PATTERN: whether host and port of the endpoint match it.
is_like() { put "$authority" | grep -Eqi "^$1\$"; }
