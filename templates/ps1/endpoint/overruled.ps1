# Find-Overruling CLI TARGET: what overrides the file of the machine, or takes a part of the data and our header elsewhere: another file
# that the CLI merges with it, or a policy in the registry, which wins over files. Nothing where files are not merged.
function Find-Overruling($cli, $target) {
  $merged = $CLIS[$cli].System.Merged
  if ($null -eq $merged) { return }
  $folder = Get-Folder $target.Path
  $others = @($folder.Substring(0, $folder.Length - 2) + '.json')
  if ([System.IO.Directory]::Exists($folder)) { $others += @([System.IO.Directory]::GetFiles($folder, '*.json')) }
  foreach ($other in $others) {
    if ($other -eq $target.Path -or (Get-Kind $other) -ceq 'absent') { continue }
    $pattern = $merged.Divert
    if ((Get-Folder $other) -eq $folder -and [string]::CompareOrdinal($other, $target.Path) -gt 0) { $pattern = $merged.Override }
    $text = Read-Other $other
    if ($null -eq $text -or [regex]::IsMatch($text, $pattern, $ANY_CASE)) { return $other }
  }
  $policy = Get-Policy $merged.Policy
  if ($policy.Length -eq 0) { return }
  if ($policy -ceq ' ' -or [regex]::IsMatch($policy, $merged.Override, $ANY_CASE)) { return 'HKLM\' + $merged.Policy[0] }
  # Before this release a policy is obeyed alone, whatever is in it.
  foreach ($person in @($run.People) + @{ Words = $run.Machine }) {
    $release = Get-Release $person.Words[$cli]
    if ($release -ceq '?' -or ($release -cne '' -and (Test-Older $release $merged.Policy[2]))) { return 'HKLM\' + $merged.Policy[0] }
  }
}

# Read-Other PATH: the text of such a file; null for a link, which is not followed, and for what cannot be read: it could be anything.
function Read-Other($path) {
  if ((Get-Kind $path) -cne 'file') { return $null }
  try { return Read-Bytes $path $LARGEST } catch { return $null }
}

# Find-Diverting CLI PATH: a file beside a user's own that the CLI can be told to read over it, and that sets where data goes.
function Find-Diverting($cli, $path) {
  $beside = $CLIS[$cli].User.Beside
  $folder = Get-Folder $path
  if ($null -eq $beside -or -not [System.IO.Directory]::Exists($folder)) { return }
  foreach ($other in [System.IO.Directory]::GetFiles($folder, '*' + $beside.Ending)) {
    $text = Read-Other $other
    if ($null -eq $text -or [regex]::IsMatch($text, $beside.Divert)) { return $other }
  }
}

# Find-Moved CLI PERSON: the variable that moves the files of the CLI for this account, where it shows: the folder that it names is not
# followed, since a person could name any.
function Find-Moved($cli, $person) {
  if ($run.Accounts -ceq 'self') { return }
  $name = $CLIS[$cli].User.Variable
  foreach ($value in @(Get-Variables $person.Sid $name)) { if ($value) { return $name } }
}
