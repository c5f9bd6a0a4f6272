# ---- A build for tests only ----
# Replacements for the system's folders, accounts and access lists, where the variable CROSSFADE_TEST_ROOT is set.
if ($env:CROSSFADE_TEST_ROOT) {
$run.Root = $env:CROSSFADE_TEST_ROOT
if ($env:CROSSFADE_TEST_WAIT) { $LOCK_WAIT = [int]$env:CROSSFADE_TEST_WAIT }
if ($env:CROSSFADE_TEST_SID) { function Get-Self { @{ Sid = $env:CROSSFADE_TEST_SID; IsAdmin = $env:CROSSFADE_TEST_ADMIN -ceq 'yes' } } }
function Find-Native { if (-not $env:CROSSFADE_TEST_NESTED) { $env:CROSSFADE_TEST_NESTED = 'yes'; $env:CROSSFADE_TEST_NATIVE } }
function Test-Machine {
  $self = Get-Self
  $run.Self = $self.Sid
  $run.IsAdmin = $self.IsAdmin
  if (-not $run.IsAdmin) {
    if ($run.Scope -ceq 'system') { Stop-Run 2 'scope=system needs an administrator or SYSTEM; or run it with scope=user' }
    $run.Accounts = 'self'
  }
  foreach ($name in 'ProgramFiles', 'ProgramData') { $run.Places[$name] = $run.Root + $SEPARATOR + $name }
}
# Lines SID, path, state, with tabs between; without them the registry's own list.
if ($env:CROSSFADE_TEST_PROFILES) {
function Get-ProfileRows {
  foreach ($line in ([string]$env:CROSSFADE_TEST_PROFILES).Split("`n")) {
    $parts = $line.Split("`t")
    if ($parts.Count -eq 3) { @{ Sid = $parts[0]; Path = $parts[1]; State = [int]$parts[2] } }
  }
}
}
if (-not $ON_WINDOWS) { function Expand-Profile($path) { $path } }
function Test-Linux($sid) { $env:CROSSFADE_TEST_WSL -ceq $sid }
function Get-MachineId { $env:CROSSFADE_TEST_ID }
function Get-Policy($policy, $sid = '') { if ($sid -ceq '') { [string]$env:CROSSFADE_TEST_POLICY } else { [string]$env:CROSSFADE_TEST_USER_POLICY } }
function Test-Variable($sid, $pattern) { [regex]::IsMatch([string]$env:CROSSFADE_TEST_VARIABLE, '\A' + $sid + ' (?:' + $pattern + ')\z') }
# Lines SID, start as ticks (UTC), command line, with tabs between; a question mark is what Windows does not say.
if ($env:CROSSFADE_TEST_PROCESSES -cne 'real') {
function Get-ProcessRows($program) {
  foreach ($line in ([string]$env:CROSSFADE_TEST_PROCESSES).Split("`n")) {
    $parts = @($line.Split("`t") | ForEach-Object { if ($_ -cne '?') { $_ } else { '' } })
    if ($parts.Count -ne 3) { continue }
    $row = @{ Owner = $null; Started = $null; Line = $null }
    if ($parts[0] -cne '') { $row.Owner = $parts[0] }
    if ($parts[1] -cne '') { $row.Started = New-Object DateTime([long]$parts[1], [DateTimeKind]::Utc) }
    if ($parts[2] -cne '') { $row.Line = $parts[2] }
    $row
  }
}
}
function Get-Variables($sid, $name) { if ($env:CROSSFADE_TEST_MOVED -ceq ($sid + ' ' + $name)) { 'C:\elsewhere' } }
