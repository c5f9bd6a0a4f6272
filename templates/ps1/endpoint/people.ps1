# Expand-Profile PATH: with the two variables that mean the same for everybody; nothing where another is left, or it is no drive's.
function Expand-Profile($path) {
  $path = [regex]::Replace($path.Trim(), '\A%SystemDrive%', [string]$env:SystemDrive, 'IgnoreCase, CultureInvariant')
  $path = [regex]::Replace($path, '\A%SystemRoot%', [string]$env:SystemRoot, 'IgnoreCase, CultureInvariant').TrimEnd('\', '/', ' ', '.')
  if ($path -cmatch '\A[A-Za-z]:[\\/][^%:*?"<>|]+\z') { return $path }
  return ''
}

# Test-Network PATH: whether its drive is on the network.
function Test-Network($path) {
  if ($path -cnotmatch '\A[A-Za-z]:') { return $false }
  return (New-Object System.IO.DriveInfo($path.Substring(0, 1))).DriveType -eq [System.IO.DriveType]::Network
}

# Select-People ROWS: the accounts of people among them, whether they are signed in or not: no services, no remains of a broken profile
# (SID.bak), nothing temporary (0x800) or a backup (0x8000); each home once. Homes that are missing or on the network are counted.
function Select-People($rows) {
  $seen = @{}
  foreach ($row in $rows) {
    if ($row.Sid -cnotmatch '\AS-1-(5-21|12-1)(-[0-9]+){4}\z') { continue }
    $state = 0
    if ($row.State -is [int]) { $state = $row.State }
    if (($state -band 0x8800) -ne 0) { continue }
    $path = Expand-Profile $row.Path
    if ($path -ceq '' -or -not [System.IO.Directory]::Exists($path) -or (Test-Network $path)) {
      $run.Skipped++
      continue
    }
    $key = $path.ToUpperInvariant()
    if ($seen.ContainsKey($key)) { continue }
    $seen[$key] = $true
    @{ Sid = $row.Sid; Home = $path }
  }
}

# Find-People: sets People to accounts with SID, home and the words of the signs in it; counts them.
function Find-People {
  if ($run.Accounts -ceq 'self') { $rows = @(@{ Sid = $run.Self; Home = (Get-OwnHome) }) }
  else { $rows = @(Select-People @(Get-ProfileRows)) }
  $run.Machine = Find-Signs '' 'MachineSigns'
  $run.People = @(foreach ($person in $rows) {
    if (-not [System.IO.Directory]::Exists($person.Home)) {
      $run.Skipped++
      continue
    }
    $run.Users++
    if (Test-Linux $person.Sid) { $run.Linux++ }
    $own = Find-Signs $person.Home 'UserSigns'
    $words = @{}
    foreach ($cli in $KNOWN) { $words[$cli] = @($run.Machine[$cli]) + @($own[$cli]) }
    @{ Sid = $person.Sid; Home = $person.Home; Words = $words }
  })
}
