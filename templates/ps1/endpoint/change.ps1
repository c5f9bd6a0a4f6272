# Edit-Target CLI LAYER TARGET OWNER: edits the file to hold what the plan says. Returns true if it has to be looked at again.
function Edit-Target($cli, $layer, $target, $owner) {
  $about = $CLIS[$cli][$layer]
  $given = $run.Token
  if ($given.Length -eq 0) {
    # A dry run without a token: what else would change shows with the token that is in use.
    $live = Get-LiveToken $cli $about.Format $target.Text
    $given = 'no-token-is-given-here'
    if ($live.Text.Length -gt 0) {
      Add-Token (Get-Fingerprint $live.Text)
      $given = $live.Text
    }
  }
  $answer = Edit-Text 'set' $about.Format (Get-Plan $cli $layer $given) $target.Text $target.Before
  if ($answer.Code -eq 1) { Set-State $cli 'ok'; return $false }
  if ($answer.Code -ne 0) { Add-EditProblem $cli $target.Path $answer; return $false }
  # A larger file would not be opened again, so this could not be undone.
  if ($answer.Text.Length -gt $LARGEST) { Add-Trouble $cli $target.Path ('would be larger than ' + $LARGEST + ' bytes'); return $false }
  if ($run.DryRun) { Set-State $cli 'drift'; return $false }
  $made = 'no'
  if ($target.Ours) { $made = 'yes' }
  $record = 'crossfade-undo-1 ' + $made + ' ' + $target.Made + " `n" + (@($answer.Record) -join "`n") + "`n"
  $code = Save-Backup $about.Format $target $owner
  if ($code -eq 0) { $code = Save-Private ($target.Path + '.crossfade-undo') $record $target.Top $owner }
  if ($code -eq 0) {
    $access = ''
    if ($target.State -ceq 'absent' -and $layer -ceq 'System') { $access = Get-NewAccess '' $false }
    $expected = $target.Text
    if ($target.State -ceq 'absent') { $expected = $ABSENT }
    $code = Save-File $target.Path $answer.Text $expected $target.Top $owner $access
  }
  if ($code -eq 4) { return $true }
  if ($code -eq 0) { Set-State $cli 'ok' } else { Add-WriteProblem $cli $target.Path $code }
  return $false
}

# Save-Backup: of what is not ours: the file before our first edit, and later the file without our settings, so it holds no token. Unless
# the newest backup is the same; the newest $BACKUPS stay.
function Save-Backup($format, $target, $owner) {
  if ($target.Ours -or $target.Text.Length -eq 0) { return 0 }
  $foreign = $target.Text
  if ($target.Before.Count -gt 0) {
    $answer = Edit-Text 'undo' $format $target.Before $target.Text @()
    if ($answer.Code -gt 1) { return 0 }
    if ($answer.Code -eq 0) { $foreign = $answer.Text }
  }
  $ending = '.crossfade-backup-????????-??????'
  try {
    $found = @(Get-Siblings $target.Path $ending)
    if ($found.Count -gt 0 -and (Test-Same (Read-Bytes $found[-1] $LARGEST) $foreign)) { return 0 }
    $name = ''
    while ($name -ceq '' -or (Get-Kind $name) -cne 'absent') {
      if ($name -cne '') { Start-Sleep -Milliseconds 200 }
      $time = [DateTime]::Now.ToString('yyyyMMdd-HHmmss', [System.Globalization.CultureInfo]::InvariantCulture)
      $name = $target.Path + '.crossfade-backup-' + $time
    }
    $code = Save-Private $name $foreign $target.Top $owner
    if ($code -ne 0) { return $code }
    $found = @(Get-Siblings $target.Path $ending)
    for ($i = 0; $i -lt $found.Count - $BACKUPS; $i++) { Remove-File $found[$i] }
    return 0
  } catch { return 12 }
}
