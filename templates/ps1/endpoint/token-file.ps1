# Read-TokenFile: the token from the file that the variable CROSSFADE_TOKEN_FILE names; a line break at its end does not belong to it.
function Read-TokenFile {
  $path = [Environment]::GetEnvironmentVariable('CROSSFADE_TOKEN_FILE')
  if (-not $path) { return }
  $found = $null
  # Relative to where PowerShell is, which is not where its process is.
  try { $found = Read-Bytes ($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)) 65536 } catch { $found = $null }
  if ($null -eq $found) { Stop-Run 11 'the token file cannot be read' }
  $run.Token = Get-FirstLine $found
}
