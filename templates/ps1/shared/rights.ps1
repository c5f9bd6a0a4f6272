# Get-Security PATH: owner, group and access list of a file or folder, as SDDL. All three: one that was read by its owner alone and is
# written back can open the file for everybody.
function Get-Security($path) {
  $kind = 'System.Security.AccessControl.FileSecurity'
  if ([System.IO.Directory]::Exists($path)) { $kind = 'System.Security.AccessControl.DirectorySecurity' }
  $security = New-Object $kind($path, [System.Security.AccessControl.AccessControlSections]'Access, Owner, Group')
  return $security.GetSecurityDescriptorSddlForm('Access, Owner, Group')
}

# Set-Security PATH SDDL: the same, written.
function Set-Security($path, $sddl) {
  $kind = 'System.Security.AccessControl.FileSecurity'
  if ([System.IO.Directory]::Exists($path)) { $kind = 'System.Security.AccessControl.DirectorySecurity' }
  $security = New-Object $kind
  $security.SetSecurityDescriptorSddlForm($sddl)
  Set-Acl -LiteralPath $path -AclObject $security
}

# Get-Owner PATH: as a SID. SDDL has letters for some, as LA for the machine's Administrator.
function Get-Owner($path) {
  $owner = (Read-Sddl (Get-Security $path)).Owner
  if ($owner.Length -eq 2) { return Resolve-Sid $owner }
  return $owner
}
function Resolve-Sid($letters) { (New-Object System.Security.Principal.SecurityIdentifier($letters)).Value }

# Set-Owner PATH SID: by the program of the system where the cmdlet may not, as it may not give a file away.
function Set-Owner($path, $sid) {
  if ((Get-Owner $path) -ceq $sid) { return }
  $parts = Read-Sddl (Get-Security $path)
  try { Set-Security $path ('O:' + $sid + 'G:' + $parts.Group + 'D:' + $parts.Access) } catch { $parts.Failed = $true }
  if ((Get-Owner $path) -ceq $sid) { return }
  [void](Start-Program ([Environment]::GetFolderPath('System') + '\icacls.exe') ('"' + $path + '" /setowner *' + $sid + ' /q') $null)
}

# Read-Sddl SDDL: its owner, group and access list, each as text; well-known accounts as SIDs in the two first.
function Read-Sddl($sddl) {
  $match = [regex]::Match($sddl, '\A(?:O:(?<o>S-[0-9-]+|[A-Z]{2}))?(?:G:(?<g>S-[0-9-]+|[A-Z]{2}))?(?:D:(?<d>[^S]*?(?:\(.*?\))*))?(?:S:.*)?\z')
  @{ Owner = (Get-Sid $match.Groups['o'].Value); Group = (Get-Sid $match.Groups['g'].Value); Access = $match.Groups['d'].Value; Failed = $false }
}

# https://learn.microsoft.com/windows/win32/secauthz/sid-strings
$NAMED = @{ SY = 'S-1-5-18'; BA = 'S-1-5-32-544'; BU = 'S-1-5-32-545'; WD = 'S-1-1-0'; AU = 'S-1-5-11'; CO = 'S-1-3-0'; OW = 'S-1-3-4' }
function Get-Sid($name) { if ($NAMED.ContainsKey($name)) { $NAMED[$name] } else { $name } }

# Whoever may change the machine's files anyway: SYSTEM, administrators of the machine and its domain, the installer of Windows.
$ADMINS = 'S-1-5-18', 'S-1-5-32-544', 'LA', 'DA', 'EA', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'

# What an access right's letters stand for: https://learn.microsoft.com/windows/win32/secauthz/ace-strings
$RIGHT_NAMES = @{
  GA = 0x10000000; GX = 0x20000000; GW = 0x40000000; RC = 0x20000; SD = 0x10000; WD = 0x40000; WO = 0x80000
  CC = 0x1; DC = 0x2; LC = 0x4; SW = 0x8; RP = 0x10; WP = 0x20; DT = 0x40; LO = 0x80; CR = 0x100
  FA = 0x1F01FF; FR = 0x120089; FW = 0x120116; FX = 0x1200A0; GR = 0x120089
}

# Get-Mask RIGHTS: as a number; all of them for letters that are not in the table.
function Get-Mask($text) {
  $mask = [long]0
  if ($text -cmatch '\A0x[0-9A-Fa-f]{1,8}\z') {
    [void][long]::TryParse($text.Substring(2), [System.Globalization.NumberStyles]::AllowHexSpecifier,
      [System.Globalization.CultureInfo]::InvariantCulture, [ref]$mask)
    return $mask
  }
  foreach ($match in [regex]::Matches($text, '..?')) {
    if (-not $RIGHT_NAMES.ContainsKey($match.Value)) { return [long]0x7FFFFFFF }
    $mask = $mask -bor $RIGHT_NAMES[$match.Value]
  }
  return $mask
}

# Test-Granted SDDL RIGHTS TRUSTED: whether anybody but the trusted gets one of these rights on the object itself, or owns it. An object
# without an access list is everybody's.
function Test-Granted($sddl, $rights, $trusted) {
  $parts = Read-Sddl $sddl
  if (-not ($trusted -ccontains $parts.Owner)) { return $true }
  $entries = [regex]::Matches($parts.Access, '\((?<t>[^;]*);(?<f>[^;]*);(?<r>[^;]*);[^;]*;[^;]*;(?<s>[^;)]*)')
  if ($entries.Count -eq 0 -and -not $parts.Access.Contains('P')) { return $true }
  foreach ($entry in $entries) {
    $who = Get-Sid $entry.Groups['s'].Value
    # Not an entry that only hands on rights to what is made below, nor a denial; S-1-3-4 is the owner.
    if ($entry.Groups['f'].Value -cmatch '\A(..)*IO' -or $entry.Groups['t'].Value -cmatch '\A(XD|O?D)\z') { continue }
    if ($who -ceq 'S-1-3-4' -or $trusted -ccontains $who) { continue }
    if (((Get-Mask $entry.Groups['r'].Value) -band $rights) -ne 0) { return $true }
  }
  return $false
}

# Rights to write or replace a file; to replace what is in a folder, without that of adding to it, which everybody has in ProgramData;
# and to read, or to get there by the access list or as its owner.
$MAY_WRITE = [long]0x500D0116
$MAY_REPLACE = [long]0x500D0040
$MAY_READ = [long]2416705537
