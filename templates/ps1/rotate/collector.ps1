# Accounts of services by name. https://learn.microsoft.com/windows/win32/services/service-user-accounts
$SERVICE_ACCOUNTS = @{
  'LOCALSYSTEM' = 'S-1-5-18'; 'SYSTEM' = 'S-1-5-18'; 'NT AUTHORITY\SYSTEM' = 'S-1-5-18'; 'NT AUTHORITY\LOCALSERVICE' = 'S-1-5-19'
  'NT AUTHORITY\LOCAL SERVICE' = 'S-1-5-19'; 'NT AUTHORITY\NETWORKSERVICE' = 'S-1-5-20'; 'NT AUTHORITY\NETWORK SERVICE' = 'S-1-5-20'
}

# Get-AccountSid NAME: nothing where this machine does not know it.
function Get-AccountSid($name) {
  if ($name -cmatch '\AS-1(-[0-9]{1,15})+\z') { return $name }
  $key = $name.ToUpperInvariant()
  if ($SERVICE_ACCOUNTS.ContainsKey($key)) { return $SERVICE_ACCOUNTS[$key] }
  if ($name.StartsWith('.\', [StringComparison]::Ordinal)) { $name = [Environment]::MachineName + $name.Substring(1) }
  try { return (New-Object System.Security.Principal.NTAccount($name)).Translate([System.Security.Principal.SecurityIdentifier]).Value } catch { return '' }
}

# Get-ServiceAccount: the account of the collector's service, as it is set; nothing if there is no such service.
function Get-ServiceAccount {
  try {
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $key = $base.OpenSubKey('SYSTEM\CurrentControlSet\Services\' + $SERVICE)
    if ($null -eq $key) { return '' }
    return [string]$key.GetValue('ObjectName')
  } catch { return '' }
}

# Find-Collector: its process on this machine, and the account that reads the file. Nothing is set where that cannot be known.
function Find-Collector {
  $account = $run.OwnerWish
  if ($account -ceq '') { $account = Get-ServiceAccount }
  if ($account -ceq '') { $account = $OWNER }
  $run.Reader = Get-AccountSid $account
  if ($run.OwnerWish -cne '' -and $run.Reader -ceq '') { Stop-Run 2 ('there is no account ' + (Get-Plain $run.OwnerWish)) 'name one of this machine, or a SID, with --owner' }
  if ($run.Process -ceq '') { $run.Process = Find-Process }
  elseif (-not (Test-Process $run.Process)) { $run.Process = '' }
  if ($run.Process -cne '' -and -not (Test-Config)) {
    Write-Caution ((Get-Plain $CONFIG) + ' does not name this token file, so it is unknown whether the collector reads it')
    $run.Process = ''
  }
}

# Find-Process: the number of the service's process; nothing where it does not run.
function Find-Process {
  if ($FIND_PID -ceq '') { return '' }
  $end = Invoke-Lines $FIND_PID
  if ($end.Lines.Count -eq 0) { return '' }
  $found = $end.Lines[0].Trim()
  if ($found -cnotmatch '\A[0-9]{1,9}\z' -or -not (Test-Process $found)) { return '' }
  return $found
}

function Test-Process($number) {
  if ($number -cmatch '\A0*\z') { return $false }
  return ($null -ne (Get-Process -Id $number -ErrorAction SilentlyContinue))
}

# Test-Config: no only where the collector's config is at its usual place and does not name the token file.
function Test-Config {
  try {
    if ((Get-Kind $CONFIG) -cne 'file') { return $true }
    $text = Read-Bytes $CONFIG 10485760
    if ($null -eq $text) { return $true }
    # In UTF-16 every other byte is 0.
    return ($text.Replace([string][char]0, '').IndexOf([System.IO.Path]::GetFileName($run.TokenFile), [StringComparison]::OrdinalIgnoreCase) -ge 0)
  } catch { return $true }
}

# Accounts that access lists name by letters which the table of the shared part lacks.
$MORE_NAMED = @{ LS = 'S-1-5-19'; NS = 'S-1-5-20'; SU = 'S-1-5-6'; AN = 'S-1-5-7'; BG = 'S-1-5-32-546'; IU = 'S-1-5-4' }

# Get-Entries ACCESS: its entries as type, flags without that of an inherited one, rights as a number, and SID.
function Get-Entries($access) {
  foreach ($match in [regex]::Matches($access, '\((?<t>[^;]*);(?<f>[^;]*);(?<r>[^;]*);[^;]*;[^;]*;(?<s>[^;)]*)')) {
    $who = Get-Sid $match.Groups['s'].Value
    if ($MORE_NAMED.ContainsKey($who)) { $who = $MORE_NAMED[$who] }
    $flags = [regex]::Replace($match.Groups['f'].Value, '(?<=\A(..)*)ID', '')
    @{ Type = $match.Groups['t'].Value; Flags = $flags; Mask = (Get-Mask $match.Groups['r'].Value); Who = $who }
  }
}

# Test-SameRights A B: whether two owners and access lists say the same, however they write it.
function Test-SameRights($a, $b) {
  $texts = @(foreach ($each in $a, $b) {
    $parts = Read-Sddl $each
    $rows = @(foreach ($entry in @(Get-Entries $parts.Access)) { $entry.Type + ';' + $entry.Flags + ';' + $entry.Mask + ';' + $entry.Who })
    $parts.Owner + '|' + ($rows -join '|')
  })
  return (Test-Same $texts[0] $texts[1])
}

# Test-Reader SECURITY: no only where the access list gives the collector's account surely no right to read. In which other groups an account
# is cannot be known here, so an entry for another group may be for it.
function Test-Reader($security) {
  $reader = $run.Reader
  if ($reader -ceq '') { return $true }
  $parts = Read-Sddl $security
  $isSystem = $reader -cmatch '\AS-1-5-(18|19|20)\z'
  $sure = @($reader, 'S-1-1-0', 'S-1-5-11')
  if ($reader -ceq 'S-1-5-18') { $sure += 'S-1-5-32-544' } elseif ($isSystem) { $sure += 'S-1-5-32-545', 'S-1-5-6' }
  if ($parts.Owner -ceq $reader) { $sure += 'S-1-3-4' }
  $entries = @(Get-Entries $parts.Access)
  # Without any list everybody may.
  if ($entries.Count -eq 0 -and -not $parts.Access.Contains('P')) { return $true }
  foreach ($entry in $entries) {
    if ($entry.Flags -cmatch '\A(..)*IO' -or ($entry.Mask -band $MAY_READ) -eq 0) { continue }
    $isGrant = $entry.Type -cmatch '\AX?A\z'
    if ($sure -ccontains $entry.Who) { return $isGrant }
    # The three accounts of the system are in no groups but these, and nobody else is one of them.
    $isStranger = $entry.Who -cmatch '\AS-1-5-(18|19|20)\z' -or ($isSystem -and $entry.Who -cnotmatch '\AS-1-5-80-')
    if ($isGrant -and -not $isStranger) { return $true }
  }
  return $false
}
