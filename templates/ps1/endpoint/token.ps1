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

# Takes the token and checks it. A dry run does without, unless one is given.
function Get-Token {
  Set-GivenToken
  $text = $run.Token
  if ($text.Length -eq 0) {
    if ($run.DryRun) { return }
    Stop-Run 11 ('no token: ' + $TOKEN_HINT)
  }
  if ([regex]::IsMatch($text, '\A@[^\r\n]*@\z|\{\{|\$\{|\A<.*>\z|\A\$')) {
    Stop-Run 11 'the token is still a placeholder; put the real one there'
  }
  $problem = Get-TokenProblem $text
  if ($problem) { Stop-Run 11 ('the token ' + $problem) }
  if ([regex]::IsMatch($text, '[^A-Za-z0-9._~-]')) {
    Stop-Run 11 'the token contains a character that a CLI would change; it may have letters, digits, . _ ~ and -'
  }
  Add-Token (Get-Fingerprint $text)
}
