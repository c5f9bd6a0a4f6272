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

# Get-VariableKeys SID: where the registry has the environment of an account, as long as it is signed in, and that of the machine.
function Get-VariableKeys($sid) {
  $keys = @(Open-Key 'Users' ($sid + '\Environment')) +
    @(Open-Key 'LocalMachine' 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment')
  $keys | Where-Object { $null -ne $_ }
}

# Get-Variables SID NAME: what these environments have for a name; a question mark where that cannot be read.
function Get-Variables($sid, $name) {
  try {
    foreach ($key in @(Get-VariableKeys $sid)) { [string]$key.GetValue($name, '', 'DoNotExpandEnvironmentNames') }
  } catch { '?' }
}

# Test-Variable SID PATTERN: whether they have a variable whose name is like that, or cannot be read.
function Test-Variable($sid, $pattern) {
  try {
    foreach ($key in @(Get-VariableKeys $sid)) {
      foreach ($name in $key.GetValueNames()) { if ([regex]::IsMatch($name, '\A(?:' + $pattern + ')\z', $ANY_CASE)) { return $true } }
    }
  } catch { return $true }
  return $false
}
