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
