# ---- A build for tests only ----
# Replacements for accounts, services and access lists, where the variable CROSSFADE_TEST_ROOT is set.
if ($env:CROSSFADE_TEST_ROOT) {
if ($env:CROSSFADE_TEST_WAIT) { $LOCK_WAIT = [int]$env:CROSSFADE_TEST_WAIT }
function Test-Machine {
  $run.Self = $env:CROSSFADE_TEST_SID
  $run.IsAdmin = $env:CROSSFADE_TEST_ADMIN -ceq 'yes'
}
function Get-ServiceAccount { [string]$env:CROSSFADE_TEST_ACCOUNT }
if ($env:CROSSFADE_TEST_VIEW) { function Get-View { $env:CROSSFADE_TEST_VIEW } }
elseif (-not $ON_WINDOWS) { function Get-View { '/proc/' + $run.Process + '/root' + $run.TokenFile } }
