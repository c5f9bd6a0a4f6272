# Get-LiveToken CLI FORMAT TEXT: the token in a file, and the code of the editor. None is longer than what we take.
function Get-LiveToken($cli, $format, $text) {
  $answer = Edit-Text 'get' $format @(foreach ($pointer in $CLIS[$cli].Tokens) { "get`t" + $pointer }) $text @()
  $live = ''
  if ($answer.Code -eq 0) {
    foreach ($line in $answer.Lines) {
      $parts = ([string]$line).Split("`t")
      if ($parts.Count -lt 3 -or $parts[1] -cne 'string') { continue }
      $value = $parts[2]
      $live = $value.Substring($value.LastIndexOfAny([char[]]'=/ ') + 1)
      break
    }
  }
  if ($live.Length -gt 4096) { $live = '' }
  @{ Code = $answer.Code; Text = $live; Answer = $answer }
}
