# Get-TokenProblem TOKEN: what is said after "the token", or nothing. The token is in no pattern, cast or exception.
function Get-TokenProblem($text) {
  if ($text.Length -eq 0) { return 'is empty; copy it again, alone and on one line' }
  if ([regex]::IsMatch($text, '\ABearer[ \t]', 'IgnoreCase, CultureInvariant')) { return 'starts with the word Bearer; remove that word' }
  if ([regex]::IsMatch($text, '[^!-~]')) {
    return 'contains white space, a control character or a non-ASCII character; copy it again, alone and on one line'
  }
  if ($text.Length -lt 20) { return 'is too short (' + $text.Length + ' characters); copy all of it' }
  if ($text.Length -gt $LONGEST_TOKEN) {
    return 'is too long (' + $text.Length + ' characters), or was cut; copy it again, alone and on one line'
  }
}
