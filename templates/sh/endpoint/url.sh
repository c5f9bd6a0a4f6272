# Where telemetry goes: an https URL, or http to this machine.
check_endpoint() {
  place=${ENDPOINT#*://}
  while [ "${place%/}" != "$place" ]; do place=${place%/}; done
  case $ENDPOINT in
    '') fail 2 "no endpoint is given" ;;
    https://*) ENDPOINT=https://$place ;;
    http://*) ENDPOINT=http://$place ;;
    *) fail 2 "the endpoint does not begin with https://" ;;
  esac
  case $place in
    '' | /* | :*) fail 2 "the endpoint names no host" ;;
    *@*) fail 2 "the endpoint contains a user name; the token is given separately" ;;
    *[!]A-Za-z0-9._~:/%[-]*) fail 2 "the endpoint contains a character that is not allowed in a base URL" ;;
    */v1/logs | */v1/metrics | */v1/traces) fail 2 "the endpoint is for one signal only; remove its end from /v1 on" ;;
  esac
  case $ENDPOINT in
    http://*) is_loopback "${place%%/*}" || fail 2 "the endpoint is http to another machine: the token would cross the network in clear text" ;;
  esac
}

# is_loopback HOST-AND-PORT
is_loopback() {
  case $1 in
    localhost | localhost:* | '[::1]' | '[::1]:'*) return 0 ;;
    127.*[!0-9.:]*) return 1 ;;
    127.*) return 0 ;;
  esac
  return 1
}
