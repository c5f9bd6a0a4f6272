# Access lists are in a file beside the folders: a name and SDDL a line. Without one of its own a file has what is usual in a home or elsewhere.
$LIST_FILE = $env:CROSSFADE_TEST_ROOT + '.lists'
function Read-Lists {
  $lists = @{}
  if ([System.IO.File]::Exists($LIST_FILE)) {
    foreach ($line in [System.IO.File]::ReadAllText($LIST_FILE).Split("`n")) { if ($line -ne '') { $lists[$line.Split("`t")[0]] = $line.Split("`t")[1] } }
  }
  $lists
}
function Save-Lists($lists) {
  [System.IO.File]::WriteAllText($LIST_FILE, (@(foreach ($key in $lists.Keys) { $key + "`t" + $lists[$key] + "`n" }) -join ''))
}
function Get-Security($path) {
  $lists = Read-Lists
  if ($lists.ContainsKey($path)) {
    if ($lists[$path] -ceq 'denied') { throw (New-Object System.UnauthorizedAccessException) }
    return $lists[$path]
  }
  foreach ($line in ([string]$env:CROSSFADE_TEST_HOMES).Split("`n")) {
    $parts = $line.Split("`t")
    if ($parts.Count -eq 2 -and $path.StartsWith($parts[1], [StringComparison]::Ordinal)) {
      return 'O:' + $parts[0] + 'G:' + $parts[0] + 'D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;' + $parts[0] + ')'
    }
  }
  'O:SYG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)'
}
# The process is killed before or after so many steps that change something, or while a file is replaced.
$script:steps = 0
function Step {
  $script:steps++
  if ([string]$script:steps -ceq $env:CROSSFADE_TEST_KILL) { [System.Diagnostics.Process]::GetCurrentProcess().Kill(); Start-Sleep -Seconds 60 }
}
function Set-Security($path, $sddl) {
  Step
  if ($path -ceq $env:CROSSFADE_TEST_LOSES) { return }
  $lists = Read-Lists
  $lists[$path] = $sddl
  Save-Lists $lists
}
function Move-File($from, $to) {
  Step
  [System.IO.File]::Move($from, $to)
  $lists = Read-Lists
  if ($lists.ContainsKey($from)) { $lists[$to] = $lists[$from]; $lists.Remove($from); Save-Lists $lists }
  Step
}
function Remove-File($path) {
  Step
  [System.IO.File]::Delete($path)
  $lists = Read-Lists
  if ($lists.ContainsKey($path)) { $lists.Remove($path); Save-Lists $lists }
}
function Switch-File($new, $path, $own) {
  Step
  if ([string]($script:steps + 1) -ceq $env:CROSSFADE_TEST_KILL) { [System.IO.File]::Move($path, $own) }
  Step
  [System.IO.File]::Replace($new, $path, $own)
  # A file system that does not keep the access list of what is replaced.
  if ($path -ceq $env:CROSSFADE_TEST_LOSES) {
    $lists = Read-Lists
    $lists.Remove($path)
    Save-Lists $lists
  }
  Step
}
}
