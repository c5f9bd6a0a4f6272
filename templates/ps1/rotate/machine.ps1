# Test-Machine: whether this script can work here.
function Test-Machine {
  if (-not $ON_WINDOWS) { Stop-Run 13 'this script is for Windows' 'use rotate-NAME.sh, which crossfade collector makes for other platforms' }
  $self = Get-Self
  $run.Self = $self.Sid
  $run.IsAdmin = $self.IsAdmin
}

# Get-Seconds: since 1970.
function Get-Seconds { [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() }

# Invoke-Lines COMMAND: runs lines of PowerShell in a session of their own, which has nothing of this one but $SINCE. Returns whether they
# ran to their end, what they printed, and why they did not.
function Invoke-Lines($command) {
  $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
  try {
    $before = '$ErrorActionPreference = ''Stop''; $ProgressPreference = ''SilentlyContinue''; $SINCE = ' + $run.Since + '; '
    # An exit in them is no error, but then this last line is missing.
    $after = "`n" + 'if ($LASTEXITCODE) { throw (''a program ended with exit code '' + $LASTEXITCODE) }' + "`n" + '''+end+'''
    [void]$shell.AddScript($before + $command + $after)
    $lines = @(foreach ($one in $shell.Invoke()) { [string]$one })
    $last = $lines.Count - 1
    if ($last -lt 0 -or $lines[$last] -cne '+end+') { return @{ Done = $false; Lines = $lines; Why = 'the command ended by itself' } }
    return @{ Done = $true; Lines = @($lines | Select-Object -First $last); Why = '' }
  } catch {
    $inner = $_.Exception
    while ($null -ne $inner.InnerException) { $inner = $inner.InnerException }
    return @{ Done = $false; Lines = @(); Why = $inner.Message }
  } finally { $shell.Dispose() }
}

# Get-Shown TEXT OTHER: what a command said, as it can be shown: without the tokens that are known here, and OTHER.
function Get-Shown($text, $other) {
  foreach ($one in $run.Token, $run.Old, $other) {
    if (([string]$one).Length -ge 8) { $text = ([string]$text).Replace($one, '[token]') }
  }
  return Get-Plain $text
}

# Set-Change OTHER: makes the collector use what is in the file now. Returns whether it did. OTHER is a token that is not to be shown, besides those of this run.
function Set-Change($other) {
  foreach ($command in $run.Validate, $run.Apply) {
    if ($command -ceq '') { continue }
    $end = Invoke-Lines $command
    foreach ($line in $end.Lines) { [Console]::Error.WriteLine((Get-Shown $line $other)) }
    if (-not $end.Done) {
      Write-Problem (Get-Shown $end.Why $other)
      return $false
    }
  }
  return $true
}
