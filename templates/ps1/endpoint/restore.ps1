# Restore-Target CLI LAYER TARGET OWNER: removes our settings and gives back what was there before them. Returns true if it has to be
# looked at again.
function Restore-Target($cli, $layer, $target, $owner) {
  if (-not $target.HasRecord) { return $false }
  $answer = Edit-Text 'undo' $CLIS[$cli][$layer].Format $target.Before $target.Text @()
  if ($answer.Code -gt 1) { Add-EditProblem $cli $target.Path $answer; return $false }
  $text = $target.Text
  if ($answer.Code -eq 0) { $text = $answer.Text }
  if ($run.DryRun) { return $false }
  $code = 0
  if ($target.Ours -and -not [regex]::IsMatch($text, '[^\]\[{} \t\r\n\f\v]')) {
    $code = Remove-Target $target
  } else {
    if (-not (Test-Same $text $target.Text)) { $code = Save-File $target.Path $text $target.Text $target.Top $owner '' }
    if ($code -eq 0) { $code = Remove-Companions $target.Path }
  }
  if ($code -eq 4) { return $true }
  if ($code -ne 0) { Add-WriteProblem $cli $target.Path $code }
  return $false
}

# Remove-Target TARGET: the file, which is ours, what this script left beside it, and the folders above it that were made for it and are
# empty.
function Remove-Target($target) {
  $path = $target.Path
  try {
    $kind = Get-Kind $path
    if ($kind -cne 'absent') {
      if ($kind -cne 'file' -or -not (Test-Same (Read-Bytes $path $LARGEST) $target.Text)) { return 4 }
      Remove-File $path
    }
  } catch {
    if (Test-Busy $_.Exception) { return 5 }
    return 12
  }
  $code = Remove-Companions $path
  $folder = Get-Folder $path
  for ($i = 0; $i -lt $target.Made; $i++) {
    try { [System.IO.Directory]::Delete($folder) } catch { break }
    $folder = Get-Folder $folder
  }
  return $code
}

function Remove-Companions($path) {
  try {
    foreach ($ending in '.crossfade-undo', '.crossfade-undo.crossfade-old', '.crossfade-old', '.crossfade-new.??????', '.crossfade-backup-????????-??????') {
      foreach ($each in @(Get-Siblings $path $ending)) { Remove-File $each }
    }
    return 0
  } catch { return 12 }
}
