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

# Get-Flags PATH: its attributes. Nothing is followed.
function Get-Flags($path) { [int][System.IO.File]::GetAttributes($path) }

# Get-Kind PATH: absent, file, folder, link (also what a cloud drive has not fetched), device, or unreadable. Nothing is followed.
function Get-Kind($path) {
  try { $flags = Get-Flags $path } catch {
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
