# Open-Key HIVE PATH: a key of the registry as 64-bit programs see it, for reading; null if there is none.
function Open-Key($hive, $path) { [Microsoft.Win32.RegistryKey]::OpenBaseKey($hive, 'Registry64').OpenSubKey($path) }

# Get-ProfileRows: what the registry's list of profiles says: SID, path as it is written there, state. Not expanded, as
# variables are those of the caller.
function Get-ProfileRows {
  $list = Open-Key 'LocalMachine' ('SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList')
  if ($null -eq $list) { return }
  foreach ($sid in $list.GetSubKeyNames()) {
    $key = $list.OpenSubKey($sid)
    if ($null -eq $key) { continue }
    $path = $key.GetValue('ProfileImagePath', '', 'DoNotExpandEnvironmentNames')
    @{ Sid = $sid; Path = [string]$path; State = $key.GetValue('State', 0) }
  }
}

# Test-Linux SID: whether the account has a Linux in WSL, whose CLIs this script does not touch; of an account that is signed out the
# registry does not say.
function Test-Linux($sid) {
  try { $key = Open-Key 'Users' ($sid + '\Software\Microsoft\Windows\CurrentVersion\Lxss') } catch { return $false }
  return ($null -ne $key -and @($key.GetSubKeyNames() | Where-Object { $_ -cmatch '\A\{' }).Count -gt 0)
}

# Get-MachineId: which Windows made for this machine. The name of the key is in two parts: the whole word makes Windows log this file.
function Get-MachineId {
  $key = Open-Key 'LocalMachine' ('SOFTWARE\Microsoft\Crypto' + 'graphy')
  if ($null -eq $key) { return '' }
  return $key.GetValue('MachineGuid', '')
}

# Get-Policy POLICY [SID]: the text of a policy in the registry, of the machine or of an account that is signed in; a blank for one that is
# there and cannot be read.
function Get-Policy($policy, $sid = '') {
  try {
    if ($sid -ceq '') { $key = Open-Key 'LocalMachine' $policy[0] } else { $key = Open-Key 'Users' ($sid + '\' + $policy[0]) }
    if ($null -eq $key) { return '' }
    return [string]$key.GetValue($policy[1], '')
  } catch { return ' ' }
}

# Get-Variables SID NAME: what the environment of an account, as long as it is signed in, and that of the machine have for a name;
# a question mark where that cannot be read.
function Get-Variables($sid, $name) {
  try {
    $keys = @(Open-Key 'Users' ($sid + '\Environment')) +
      @(Open-Key 'LocalMachine' 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment')
    foreach ($key in $keys) { if ($null -ne $key) { [string]$key.GetValue($name, '', 'DoNotExpandEnvironmentNames') } }
  } catch { '?' }
}
