# Read-Bytes PATH LIMIT: the bytes of a file as text, one character each; null if there are more than the limit. Others may have it open.
function Read-Bytes($path, $limit) {
  $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
  $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)
  try {
    if ($stream.Length -gt $limit) { return $null }
    $bytes = New-Object byte[] ([int]$stream.Length)
    $count = 0
    while ($count -lt $bytes.Length) {
      $more = $stream.Read($bytes, $count, $bytes.Length - $count)
      if ($more -eq 0) { break }
      $count += $more
    }
    return $LATIN1.GetString($bytes, 0, $count)
  } finally { $stream.Dispose() }
}

# Get-Kind PATH: absent, file, folder, link (also what a cloud drive has not fetched), device, or unreadable. Nothing is followed.
function Get-Kind($path) {
  try { $flags = [int][System.IO.File]::GetAttributes($path) } catch {
    $code = Get-ErrorCode $_.Exception
    if ($code -eq 2 -or $code -eq 3) { return 'absent' }
    return 'unreadable'
  }
  # ReparsePoint; Offline, RecallOnOpen and RecallOnDataAccess.
  if (($flags -band 0x441400) -ne 0) { return 'link' }
  if (($flags -band 0x40) -ne 0) { return 'device' }
  if (($flags -band 0x10) -ne 0) { return 'folder' }
  return 'file'
}

# Test-Same A B: whether two texts are the same, byte for byte; -ceq ignores characters that cannot be seen.
function Test-Same($a, $b) { [string]::Equals($a, $b, [StringComparison]::Ordinal) }

# Get-Folder PATH
function Get-Folder($path) { [System.IO.Path]::GetDirectoryName($path) }

# Read-Folders PATH TOP: how many folders that lead to the file are missing below TOP, and why they cannot be used, if they cannot.
function Read-Folders($path, $top) {
  $missing = 0
  $why = ''
  $folder = Get-Folder $path
  while ($folder.Length -gt $top.Length) {
    $kind = Get-Kind $folder
    if ($kind -ceq 'absent') { $missing++ }
    elseif ($kind -ceq 'link') { $why = 'linked' }
    elseif ($kind -ceq 'unreadable') { $why = 'unreadable' }
    elseif ($kind -cne 'folder') { $why = 'folder' }
    $folder = Get-Folder $folder
  }
  @{ Missing = $missing; Why = $why }
}

# Read-Target PATH TOP: what the file and its undo record are. State is ok, absent or why the file cannot be used. TOP is the folder
# above which nothing is looked at: the home, or that of the system.
function Read-Target($path, $top) {
  $target = @{ Path = $path; Top = $top; State = 'ok'; Text = ''; Before = @(); HasRecord = $false; Ours = $false; Made = 0; Missing = 0 }
  $folders = Read-Folders $path $top
  $target.Missing = $folders.Missing
  if ($folders.Why -cne '') {
    $target.State = $folders.Why
    return $target
  }
  if ($run.MayWrite) { Repair-Target $path }
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') { $target.State = 'absent' }
  elseif ($kind -ceq 'link' -or $kind -ceq 'unreadable') { $target.State = $kind }
  elseif ($kind -cne 'file' -or (Test-Reserved $path)) { $target.State = 'kind' }
  else { Read-TargetText $target }
  Read-Record $target
  if ($target.State -ceq 'absent' -and -not $target.HasRecord) {
    $target.Ours = $true
    $target.Made = $target.Missing
  }
  return $target
}

# Test-Reserved PATH: whether the name is one of a device, such as nul: what is written there is lost.
function Test-Reserved($path) {
  [System.IO.Path]::GetFileName($path) -match '\A(con|prn|aux|nul|com[0-9]|lpt[0-9])([. ].*)?\z|[. ]\z'
}

function Read-TargetText($target) {
  $until = [DateTime]::UtcNow.AddMilliseconds($LOCK_WAIT)
  while ($true) {
    try {
      $found = Read-Bytes $target.Path $LARGEST
      if ($null -eq $found) { $target.State = 'large' } else { $target.Text = $found }
      return
    } catch {
      $target.State = 'unreadable'
      if (-not (Test-Busy $_.Exception)) { return }
      $target.State = 'busy'
      if ([DateTime]::UtcNow -ge $until) { return }
    }
    Start-Sleep -Milliseconds 100
    $target.State = 'ok'
  }
}

# Read-Record TARGET: the undo record beside the file; its first line says whether the file, and how many folders above it, are ours.
function Read-Record($target) {
  $path = $target.Path + '.crossfade-undo'
  if ((Get-Kind $path) -cne 'file') { return }
  $text = $null
  try { $text = Read-Bytes $path $LARGEST } catch { $text = $null }
  if ($null -eq $text) {
    $target.State = 'record'
    return
  }
  if ($text.Length -eq 0) { return }
  $target.HasRecord = $true
  $lines = $text.Split("`n")
  $match = [regex]::Match($lines[0], '\Acrossfade-undo-1 (yes|no) ([0-9]) ?\z')
  if (-not $match.Success) {
    $target.State = 'record'
    return
  }
  $target.Ours = $match.Groups[1].Value -ceq 'yes'
  $target.Made = [int]$match.Groups[2].Value[0] - 48
  $target.Before = @($lines | Select-Object -Skip 1 | Where-Object { $_.Length -gt 0 })
}

# Test-Busy EXCEPTION: whether another program has the file open: sharing, lock, or the one step of a replacement that left it untouched.
function Test-Busy($exception) { 32, 33, 1175, 11 -contains (Get-ErrorCode $exception) }

# Repair-Target PATH: puts back what a killed run left: a file that was moved away and not yet replaced, and unfinished new ones.
function Repair-Target($path) {
  $own = $path + '.crossfade-old'
  try {
    if ((Get-Kind $own) -ceq 'file') {
      if ((Get-Kind $path) -ceq 'absent') { Move-File $own $path } else { Remove-File $own }
    }
    foreach ($name in $path, ($path + '.crossfade-undo')) {
      foreach ($left in @(Get-Siblings $name '.crossfade-new.??????')) { Remove-File $left }
    }
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
