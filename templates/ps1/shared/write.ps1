# Move-File, Remove-File: in one place, as tests on other systems keep access lists elsewhere.
function Move-File($from, $to) { [System.IO.File]::Move($from, $to) }
function Remove-File($path) { [System.IO.File]::Delete($path) }
function Switch-File($new, $path, $own) { [System.IO.File]::Replace($new, $path, $own) }

# Remove-Files FILES PATH TOP: files beside that path. Returns false if a folder that leads there is a link.
function Remove-Files($files, $path, $top) {
  if (@($files).Count -eq 0) { return $true }
  $guard = Open-Guard $path $top
  if ($null -eq $guard) { return $false }
  try { foreach ($each in $files) { Remove-File $each } } finally { $guard.Dispose() }
  return $true
}

# Repair-Target PATH TOP: puts back what a killed run left: a file that was moved away and not yet replaced, and unfinished new ones.
function Repair-Target($path, $top) {
  $own = $path + '.crossfade-old'
  try {
    $left = @(Get-Siblings $path '.crossfade-new.??????')
    if ((Get-Kind $own) -ceq 'file') {
      if ((Get-Kind $path) -cne 'absent') { $left += $own }
      else {
        $guard = Open-Guard $path $top
        if ($null -eq $guard) { return }
        try { Move-File $own $path } finally { $guard.Dispose() }
      }
    }
    $run.Repaired = Remove-Files $left $path $top
  } catch { $run.Repaired = $false }
}

# Get-Siblings PATH ENDING: files beside it whose name is its own with this ending, in the order of their names.
function Get-Siblings($path, $ending) {
  $folder = Get-Folder $path
  if (-not [System.IO.Directory]::Exists($folder)) { return }
  $name = [System.IO.Path]::GetFileName($path) + $ending
  $pattern = '\A' + [regex]::Escape($name).Replace('\?', '.') + '\z'
  $names = @([System.IO.Directory]::GetFiles($folder) | Where-Object { [System.IO.Path]::GetFileName($_) -cmatch $pattern })
  [array]::Sort($names, [System.StringComparer]::Ordinal)
  return $names
}

# New-Temporary PATH: the name of a new file beside it that does not exist; that of the settings file for its record and backups, too, so
# that the next run finds what a killed one left.
function New-Temporary($path) {
  $path = [regex]::Replace($path, '\.crossfade-(undo|backup-[0-9-]+)\z', '')
  while ($true) {
    $name = $path + '.crossfade-new.' + [System.IO.Path]::GetRandomFileName().Substring(0, 6)
    if ((Get-Kind $name) -ceq 'absent') { return $name }
  }
}

# New-Folders PATH TOP OWNER: the folders that are missing on the way to a file. The machine's are for administrators to write.
function New-Folders($path, $top, $owner) {
  $missing = @()
  $folder = Get-Folder $path
  while ($folder.Length -gt $top.Length -and (Get-Kind $folder) -ceq 'absent') {
    $missing = @($folder) + $missing
    $folder = Get-Folder $folder
  }
  foreach ($each in $missing) {
    [void][System.IO.Directory]::CreateDirectory($each)
    # Else its account could put a link in its place, and be given what that leads to.
    $guard = Open-Guard ($each + $SEPARATOR + [System.IO.Path]::GetFileName($path)) $top
    if ($null -eq $guard) { return }
    try { if ($owner -ceq '') { Set-Access $each (Get-NewAccess '' $true) } else { Set-Owner $each $owner } } finally { $guard.Dispose() }
  }
}

# Open-Guard PATH TOP: an open file in the folder, with which Windows lets nobody move the folder or one above it away, to put a link in its
# place. Returns null if one is a link already.
function Open-Guard($path, $top) {
  $name = New-Temporary $path
  $guard = New-Object System.IO.FileStream($name, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write,
    [System.IO.FileShare]::None, 1, [System.IO.FileOptions]::DeleteOnClose)
  if ((Read-Folders $path $top).Why -ceq '') { return $guard }
  $guard.Dispose()
  return $null
}

# For administrators and the account only.
function Get-Private($owner) { Get-NewAccess $(if ($owner -ceq '') { 'S-1-5-32-544' } else { $owner }) $false }
function Save-Private($path, $text, $top, $owner) { Save-File $path $text $null $top $owner (Get-Private $owner) }

# Save-File PATH TEXT EXPECTED TOP OWNER ACCESS: puts the text in the place of the file, whole or not at all. EXPECTED is the text that is
# replaced, or null where any is, and $ABSENT for none. A file that exists keeps owner, attributes and, without ACCESS, its list; a new one
# gets ACCESS, or is private, and an account's owner. Returns 0, 4 if the file is not what is expected, 5 if another program has it
# open, 6 if owner or access list cannot be what they shall be, or 12 if it cannot be written.
function Save-File($path, $text, $expected, $top, $owner, $access) {
  $until = [DateTime]::UtcNow.AddMilliseconds($LOCK_WAIT)
  while ($true) {
    $guard = $null
    $new = ''
    try {
      New-Folders $path $top $owner
      $guard = Open-Guard $path $top
      if ($null -eq $guard) { return 4 }
      $new = New-Temporary $path
      $keeper = $owner
      if ((Get-Kind $path) -ceq 'file') { $keeper = Get-Owner $path }
      Write-New $new $text $(if ($access) { $access } else { Get-Private $owner }) $keeper
      return (Switch-Target $path $new $expected $keeper $access)
    } catch {
      if (-not (Test-Busy $_.Exception)) { return 12 }
      if ([DateTime]::UtcNow -ge $until) { return 5 }
    } finally {
      if ($new -cne '') { try { Remove-File $new } catch { $run.Repaired = $false } }
      if ($null -ne $guard) { $guard.Dispose() }
      # Whatever stopped it: the file is there again.
      if ($run.MayWrite) { Repair-Target $path $top }
    }
    Start-Sleep -Milliseconds 200
  }
}

# Write-New PATH TEXT ACCESS OWNER: a new file, closed to others before it has content, and on the disk afterwards. All of it while the file
# is open for nobody else, so that none can put a link in its place.
function Write-New($path, $text, $access, $owner) {
  $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write, [System.IO.FileShare]::None)
  try {
    Set-Access $path $access
    if ($owner -cne '') { Set-Owner $path $owner }
    $bytes = $LATIN1.GetBytes($text)
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Flush($true)
  } finally { $stream.Dispose() }
}

# Switch-Target: the last step of Save-File. Windows replaces in two steps, between which the file is missing: the old one has a name that
# every run looks for.
function Switch-Target($path, $new, $expected, $keeper, $access) {
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') {
    if ($null -ne $expected -and -not [object]::ReferenceEquals($expected, $ABSENT)) { return 4 }
    if ($keeper -cne '' -and (Get-Owner $new) -cne $keeper) { return 6 }
    Move-File $new $path
    return 0
  }
  if ($kind -cne 'file' -or [object]::ReferenceEquals($expected, $ABSENT)) { return 4 }
  if ($null -ne $expected -and -not (Test-Same (Read-Bytes $path $LARGEST) $expected)) { return 4 }
  $security = Get-Security $path
  $flags = [System.IO.File]::GetAttributes($path)
  $readOnly = [System.IO.FileAttributes]::ReadOnly
  if (($flags -band $readOnly) -ne 0) {
    [System.IO.File]::SetAttributes($path, [System.IO.FileAttributes]([int]$flags -band -bnot [int]$readOnly))
  }
  try {
    Switch-File $new $path ($path + '.crossfade-old')
  } finally {
    if ((Get-Kind $path) -ceq 'file') {
      # ReadOnly, Hidden, System, Archive, Temporary, NotContentIndexed; 0x80 is none of them.
      $kept = [int]$flags -band 0x2127
      if (([int][System.IO.File]::GetAttributes($path) -band 0x2127) -ne $kept) {
        if ($kept -eq 0) { $kept = 0x80 }
        [System.IO.File]::SetAttributes($path, [System.IO.FileAttributes]$kept)
      }
    }
  }
  $isSame = Test-SameSecurity (Get-Security $path) $security
  if ($isSame -and $access -ceq '') { return 0 }
  # Open, so that nobody can put a link in its place meanwhile.
  $held = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, [System.IO.FileShare]::ReadWrite)
  try {
    if ((Get-Kind $path) -cne 'file') { return 4 }
    if (-not $isSame) {
      Set-Owner $path $keeper
      if (-not (Test-SameSecurity (Get-Security $path) $security)) { Set-Security $path $security }
      if (-not (Test-SameSecurity (Get-Security $path) $security)) { return 6 }
    }
    if ($access -cne '') { Set-Access $path $access }
    return 0
  } finally { $held.Dispose() }
}
