# Get-ProcessRows PROGRAM: Windows' own list of the processes whose program's name begins so: command line, SID of the owner, and when it
# started (UTC), each null where Windows does not say it.
function Get-ProcessRows($program) {
  # Asked first: most machines have none, and the list with command lines takes a service and a second.
  if (@(Get-Process -Name ($program + '*') -ErrorAction SilentlyContinue).Count -eq 0) { return }
  foreach ($each in @(Get-CimInstance -ClassName Win32_Process -Filter ("Name LIKE '" + $program + "%'") -OperationTimeoutSec 30)) {
    $row = @{ Line = $each.CommandLine; Owner = $null; Started = $null }
    if ($null -ne $each.CreationDate) { $row.Started = $each.CreationDate.ToUniversalTime() }
    try { $row.Owner = (Invoke-CimMethod -InputObject $each -MethodName GetOwnerSid -OperationTimeoutSec 30).Sid } catch {
      # It has ended meanwhile.
      if ($null -eq (Get-Process -Id $each.ProcessId -ErrorAction SilentlyContinue)) { continue }
    }
    $row
  }
}

# Test-Lasting CLI PLACES: PLACES are the accounts (Sid) with the file (Path) that counts for each. Stale is a CLI with a process that
# outlives sessions, and did not surely start after the last change of that file, or with a variable that goes before it. A process counts as
# later from two seconds after the change. What cannot be told is an error, not ok.
function Test-Lasting($cli, $places) {
  $about = $CLIS[$cli].Lasting
  $places = @($places | Where-Object { [System.IO.File]::Exists($_.Path) })
  if ($null -eq $about -or $places.Count -eq 0) { return }
  try { $rows = @(Get-ProcessRows $about.Program) } catch {
    Add-Lost $cli $places[0].Path ('Windows does not list its processes ' + (Get-Where $_))
    return
  }
  foreach ($row in $rows) {
    if ($null -ne $row.Line -and -not ([string]$row.Line).Contains($about.Words)) { continue }
    # Those of others are not shown to an ordinary account.
    $mine = @($places | Where-Object { $row.Owner -ceq $_.Sid -or ($null -eq $row.Owner -and $run.IsAdmin) })
    if ($mine.Count -eq 0) { continue }
    if ($null -eq $row.Line) {
      Add-Lost $cli $mine[0].Path 'Windows does not show the command line of a process'
      continue
    }
    foreach ($place in $mine) {
      if ($null -ne $row.Started -and $row.Started -ge (Get-Changed $place.Path).AddSeconds(2) -and -not (Test-Variable $place.Sid $about.Variables)) { continue }
      Set-State $cli 'stale'
    }
  }
}

function Add-Lost($cli, $path, $why) {
  Add-Trouble $cli $path ('is not the whole answer: whether a background process still has the old token cannot be told, as ' + $why) 12
}

# Get-Changed PATH: when a file was last written or put there (UTC). When its access list changed is not asked.
function Get-Changed($path) {
  $written = [System.IO.File]::GetLastWriteTimeUtc($path)
  $made = [System.IO.File]::GetCreationTimeUtc($path)
  if ($made -gt $written) { return $made }
  return $written
}
