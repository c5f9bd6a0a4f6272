function Write-Caution($text) { [Console]::Error.WriteLine('warning: ' + $text) }

# Stop-Run CODE WHAT FIX: what is wrong, what to do, and the end.
function Stop-Run($code, $what, $fix = 'wait, and run this again; see the top of this script') {
  Write-Problem $what
  [Console]::Error.WriteLine('  fix      ' + $fix)
  $run.Finished = $true
  exit $code
}

# Show-Help: the top of this file.
function Show-Help {
  if (-not $SCRIPT_PATH) {
    Write-Line 'The options and exit codes are described at the top of this script.'
    return
  }
  foreach ($line in [System.IO.File]::ReadAllLines($SCRIPT_PATH)) {
    if ($line -cnotmatch '\A#') { break }
    Write-Line ($line -creplace '\A# ?', '')
  }
}
