# Where telemetry goes: an https URL, or http to this machine. The same rules as in sh.
function Test-Endpoint {
  $given = $run.Endpoint
  if ($given -ceq '') { Stop-Run 2 'no endpoint is given' }
  if ($given -cnotmatch '\Ahttps?://') { Stop-Run 2 'the endpoint does not begin with https://' }
  $scheme = $given.Substring(0, $given.IndexOf(':', [StringComparison]::Ordinal))
  $place = $given.Substring($scheme.Length + 3).TrimEnd('/')
  $run.Endpoint = $scheme + '://' + $place
  if ($place.Contains('@')) { Stop-Run 2 'the endpoint contains a user name; the token is given separately' }
  if ($place -cmatch '[^\]A-Za-z0-9._~:/%\[-]') { Stop-Run 2 'the endpoint contains a character that is not allowed in a base URL' }
  if ($place -cmatch '/v1/(logs|metrics|traces)\z') { Stop-Run 2 'the endpoint is for one signal only; remove its end from /v1 on' }
  $authority = $place.Split('/')[0]
  $label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?'
  $octet = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
  $port = '(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[0-5]?[0-9]{1,4}))?'
  $name = $label + '([.]' + $label + ')*[.]?'
  # What ends in a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
  if (Test-Authority $authority '([^:]*[.])?([0-9]+|0x[0-9a-f]*)[.]?(:.*)?') { $name = $octet + '([.]' + $octet + '){3}' }
  if (-not (Test-Authority $authority ('(\[[0-9a-f:.]+\]|' + $name + ')' + $port))) {
    Stop-Run 2 'the endpoint names no host and port that could exist'
  }
  if ($scheme -ceq 'http' -and -not (Test-Authority $authority ('(localhost|\[::1\]|127([.][0-9]+){3})' + $port))) {
    Stop-Run 2 'the endpoint is http to another machine: the token would cross the network in clear text'
  }
}

# Test-Authority TEXT PATTERN: whether host and port match it as a whole.
function Test-Authority($text, $pattern) { [regex]::IsMatch($text, '\A(?:' + $pattern + ')\z', 'IgnoreCase, CultureInvariant') }
