# Test-Loose FILE: whether others than administrators can write it.
function Test-Loose($path) { Test-Granted (Get-Security $path) $MAY_WRITE $ADMINS }

# Test-Shared FILE: whether others than administrators can replace it, by one of the folders that lead to it.
function Test-Shared($path, $isMerged) {
  $folder = [System.IO.Path]::GetDirectoryName($path)
  $rights = $MAY_REPLACE
  # Where all files of a folder count, nobody else may add one.
  if ($isMerged) { $rights = $rights -bor 0x2 }
  while ($folder -and $folder.Length -gt $run.Root.Length) {
    if ([System.IO.Directory]::Exists($folder)) {
      $parent = [System.IO.Path]::GetDirectoryName($folder)
      if ($parent -and (Test-Granted (Get-Security $folder) $rights $ADMINS)) { return $true }
      $rights = $MAY_REPLACE
    }
    $folder = [System.IO.Path]::GetDirectoryName($folder)
  }
  return $false
}

# Test-Crowded FILE: whether others than administrators can change a folder that leads to it, or make something there. The drive does not count.
function Test-Crowded($path) {
  $folder = [System.IO.Path]::GetDirectoryName($path)
  while ($folder -and $folder.Length -gt $run.Root.Length) {
    $parent = [System.IO.Path]::GetDirectoryName($folder)
    if ($parent -and [System.IO.Directory]::Exists($folder) -and (Test-Granted (Get-Security $folder) ($MAY_WRITE -bor $MAY_REPLACE) ($ADMINS + 'S-1-3-0'))) { return $true }
    $folder = $parent
  }
  return $false
}

# Test-Closed FILE: whether only administrators can read it, so no CLI. Not told where the list names an owner's rights or the Administrator.
function Test-Closed($path) {
  $sddl = Get-Security $path
  if ($sddl -cmatch ';(OW|LA)\)') { return $false }
  return -not (Test-Granted ('O:BA' + $sddl.Substring($sddl.IndexOf('G:', [StringComparison]::Ordinal))) $MAY_READ $ADMINS)
}

# Test-Readable FILE SID: whether others than this account and administrators can read it.
function Test-Readable($path, $sid) { Test-Granted (Get-Security $path) $MAY_READ ($ADMINS + $sid) }
