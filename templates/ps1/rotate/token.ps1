# Read-Given: the new token, checked: from --from, CROSSFADE_TOKEN_FILE, standard input, or a hidden question.
function Read-Given {
  $file = $run.From
  if ($file -ceq '' -and $env:CROSSFADE_TOKEN_FILE) { $file = Get-FullPath $env:CROSSFADE_TOKEN_FILE }
  if ($file -cne '') {
    $text = Read-Small $file
    if ($null -eq $text) { Stop-Run 11 ((Get-Plain $file) + ' cannot be read') 'give a file that contains only the token' }
  } else { $text = Read-Feed }
  # A byte order mark, as a text or as the bytes of a file.
  if ($text.Length -gt 0 -and [int]$text[0] -eq 0xFEFF) { $text = $text.Substring(1) }
  if ($text.Length -gt 2 -and [int]$text[0] -eq 0xEF -and [int]$text[1] -eq 0xBB -and [int]$text[2] -eq 0xBF) { $text = $text.Substring(3) }
  $line = Get-FirstLine $text
  if ($text.Substring($line.Length).Trim().Length -gt 0) {
    Stop-Run 11 'the new token has more than one line' 'copy it again, alone and on one line'
  }
  if ([regex]::IsMatch($line, '\A@[^\r\n]*@\z|\{\{|\$\{|\A<.*>\z|\A\$')) {
    Stop-Run 11 'the new token is still a placeholder' 'put the real one there'
  }
  $problem = Get-TokenProblem $line
  if ($problem) {
    $parts = $problem.Split(';')
    Stop-Run 11 ('the new token ' + $parts[0]) $parts[1].Trim()
  }
  $run.Token = $line
  $run.Fresh = Get-Fingerprint $line
}

# Read-Feed: what came on standard input. Under -File it has been read already, into what is enumerated here.
function Read-Feed {
  $lines = @($feed)
  if ($lines.Count -gt 0) { return ($lines -join "`n") }
  if ([Console]::IsInputRedirected) { return [Console]::In.ReadToEnd() }
  try { $hidden = Read-Host -Prompt 'New token (not shown)' -AsSecureString } catch { $hidden = $null }
  if ($null -eq $hidden) { Stop-Run 11 'no token, and nobody to ask for one' 'give a file with --from, or write it to standard input' }
  return (New-Object System.Net.NetworkCredential('', $hidden)).Password
}

# Read-Small FILE: its bytes as text; null where it is no regular file, cannot be read, or is larger than a file with a token can be.
function Read-Small($path) {
  try {
    if ((Get-Kind $path) -ceq 'file') { return (Read-Bytes $path $LARGEST) }
  } catch { return $null }
  return $null
}

# Read-FirstLine FILE: what a token file holds; nothing where it cannot be read.
function Read-FirstLine($path) {
  $text = Read-Small $path
  if ($null -eq $text) { return '' }
  return (Get-FirstLine $text)
}
