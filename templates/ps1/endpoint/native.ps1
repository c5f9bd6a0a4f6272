# Start-Native: a 32-bit PowerShell on a 64-bit Windows sees other folders and another registry: the same script runs in the 64-bit one.
# Options are plain words; a token that came on standard input goes there again.
function Start-Native {
  if ([Environment]::Is64BitProcess -or -not [Environment]::Is64BitOperatingSystem) { return }
  if (-not $SCRIPT_PATH) { Stop-Run 13 'this is a 32-bit PowerShell, and the script is no file that the 64-bit one could run' }
  foreach ($word in $run.Options) {
    if ([string]$word -cnotmatch '\A[A-Za-z0-9=:/._,~\[\]%-]+\z') { Stop-Run 2 'an option cannot be handed to the 64-bit PowerShell' }
  }
  $program = $env:SystemRoot + '\sysnative\WindowsPowerShell\v1.0\powershell.exe'
  if (-not [System.IO.File]::Exists($program)) { Stop-Run 13 'this is a 32-bit PowerShell, and there is no 64-bit one' }
  # The execution policy of this process is in its environment, which the other inherits.
  $words = '-NoProfile -NonInteractive -File "' + $SCRIPT_PATH + '" ' + ($run.Options -join ' ')
  $end = Start-Program $program $words (Get-Fed)
  [Console]::Error.Write($end.Errors)
  [Console]::Out.Write($end.Output)
  exit $end.Code
}

# Get-Fed: what came on standard input, where this file takes a token from there.
function Get-Fed {
  if (-not $TAKES_INPUT) { return $null }
  Read-TokenInput
  return $run.Token + "`n"
}
