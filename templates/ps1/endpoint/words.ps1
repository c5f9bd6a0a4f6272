# Stop-Run CODE REASON: one line for a person, the report line, and the end.
function Stop-Run($code, $reason) {
  Write-Problem $reason
  $run.Fingerprints = 'none'
  Complete-Run 'error' $code
}

# Add-Trouble CLI FILE REASON [CODE]: one file is left unchanged; the work goes on. Without a code it is refused until a person changes it.
function Add-Trouble($cli, $file, $reason, $code = 0) {
  Write-Problem ((Get-Plain $file) + ': ' + $reason)
  if ($code -eq 0) {
    $run.Refused = $true
    Set-State $cli 'refused'
    return
  }
  Set-State $cli 'error'
  if ($run.Worst -ne 12) { $run.Worst = $code }
}

# Set-State CLI STATE: of two states of a CLI the first in this list stays: what another install can change comes first.
$STATES = 'drift', 'stale', 'error', 'refused', 'old', 'ok', 'absent'
function Set-State($cli, $state) {
  if ([array]::IndexOf($STATES, $state) -lt [array]::IndexOf($STATES, $run.States[$cli])) { $run.States[$cli] = $state }
}

# Test-State STATE: whether any CLI has this state.
function Test-State($state) {
  foreach ($cli in $run.Clis) { if ($run.States.ContainsKey($cli) -and $run.States[$cli] -ceq $state) { return $true } }
  return $false
}

# Complete-Run RESULT CODE: the report line, and the end.
function Complete-Run($result, $code) {
  $run.Finished = $true
  $pairs = @(foreach ($cli in $run.Clis) { if ($run.States.ContainsKey($cli)) { $cli + ':' + $run.States[$cli] } })
  $line = 'crossfade ' + $result + ' fp=' + $run.Fingerprints + ' cfg=1 cli=' + ($pairs -join ',') + ' users=' + $run.Users
  if ($run.Skipped -gt 0) { $line += ' skipped=' + $run.Skipped }
  if ($run.Linux -gt 0) { $line += ' wsl=' + $run.Linux }
  Write-Report $line
  try { Save-Trace $result $line } catch { $run.Trace = $false }
  exit (Get-ExitCode $code)
}

# Add-Token FINGERPRINT: one token seen is its fingerprint, several are mixed.
function Add-Token($print) {
  if ($run.Fingerprints -ceq 'none') { $run.Fingerprints = $print }
  elseif ($run.Fingerprints -cne $print) { $run.Fingerprints = 'mixed' }
}
