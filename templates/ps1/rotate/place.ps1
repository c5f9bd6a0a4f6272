# Test-Way: the token's folder and all above it are folders in which only administrators and the caller can swap files.
function Test-Way {
  $folder = Get-Folder $run.TokenFile
  if (-not $folder -or -not [System.IO.Directory]::Exists($folder)) {
    Stop-Run 11 ('there is no folder ' + (Get-Plain $folder)) 'create it, readable by the collector''s account only'
  }
  # Into the folder itself nobody else may put a file or a folder, either.
  $rights = $MAY_REPLACE -bor 0x6
  for ($step = $folder; $step; $step = Get-Folder $step) {
    $kind = Get-Kind $step
    $name = Get-Plain $step
    if ($kind -ceq 'link') { Stop-Run 11 ('the folder ' + $name + ' is a link, which is not followed') 'name the folder that it leads to, with --token-file' }
    if ($kind -cne 'folder') { Stop-Run 11 ('the folder ' + $name + ' cannot be entered') 'run this as an administrator or as its owner' }
    # Above the folders of a drive is nothing that could be swapped.
    if ((Get-Folder $step) -and (Test-Granted (Get-SecurityOf $step) $rights (Get-Trusted))) {
      Stop-Run 11 ('other accounts own or can write the folder ' + $name + ', and could swap files in it during the change') `
        'look with icacls, and leave the right to write to administrators and SYSTEM'
    }
    $rights = $MAY_REPLACE
  }
}

# Whoever may change what is in the folder.
function Get-Trusted { return @($ADMINS) + $run.Self }

function Get-SecurityOf($path) {
  try { return (Get-Security $path) } catch {
    Stop-Run 12 ('the access list of ' + (Get-Plain $path) + ' cannot be read') 'run this as an administrator'
  }
}

# Read-State: what the token file is like, so that its successor is like it, and what is in it.
function Read-State {
  $path = $run.TokenFile
  $name = Get-Plain $path
  $run.Was = ''
  $run.Old = ''
  $run.OldText = ''
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') { return }
  if ($kind -ceq 'link') { Stop-Run 11 ($name + ' is a link, or not on this disk, and is not followed') 'rotate it where it is made' }
  if ($kind -cne 'file') { Stop-Run 11 ($name + ' is not a regular file') 'name the token file with --token-file' }
  $run.Was = Get-SecurityOf $path
  if (Test-Granted $run.Was $MAY_WRITE (Get-Trusted)) {
    Stop-Run 11 ('other accounts own or can write ' + $name) 'look with icacls, and leave the right to write to administrators and SYSTEM'
  }
  $text = Read-Small $path
  if ($null -ne $text) {
    $run.OldText = $text
    $run.Old = Get-FirstLine $text
  }
  if ($run.Old -ceq '' -and ($null -eq $text -or $text.Length -gt 0)) {
    Stop-Run 11 ('no token can be read from ' + $name + ', which is not empty; what is in it would be lost') `
      'run this as an account that may read it, or move the file away'
  }
}

# Write-Readers: says whether accounts that need not can read the token.
function Write-Readers {
  $readers = @(Get-Trusted)
  if ($run.Reader -cne '') { $readers += $run.Reader }
  if ($run.Was -cne '' -and (Test-Granted $run.Was $MAY_READ $readers)) {
    Write-Caution ('accounts besides administrators and the collector''s can read ' + (Get-Plain $run.TokenFile) + ': look with icacls')
  }
}

# Get-Access READER: SYSTEM, administrators and the caller may do all, and the reader, if one is given, may read.
function Get-Access($reader) {
  $access = 'P(A;;FA;;;SY)(A;;FA;;;BA)'
  if (-not $run.IsAdmin) { $access += '(A;;FA;;;' + $run.Self + ')' }
  if ($reader -cne '' -and -not ($ADMINS -ccontains $reader) -and $reader -cne $run.Self) { $access += '(A;;FR;;;' + $reader + ')' }
  return $access
}

# Save-Token TEXT EXPECTED SECURITY: puts a text into the token file, whole or not at all, with owner and access list as given. Returns 0 or
# the code of Save-File: 6 where the text is in place and the access list is not.
function Save-Token($text, $expected, $security) {
  # Two changes a few milliseconds apart can end a watch for good: then the second one is never read, nor any after it.
  if ((Get-Seconds) - $run.Written -lt 2) { Start-Sleep -Seconds 1 }
  $run.Written = Get-Seconds
  $path = $run.TokenFile
  $code = Save-File $path $text $expected ([System.IO.Path]::GetPathRoot($path)) '' (Read-Sddl $security).Access
  if ($code -eq 0 -and -not (Test-SameRights (Get-SecurityOf $path) $security)) { return 6 }
  return $code
}

# Get-NextSecurity: owner and access list that the new file gets: those of the one from before, unless --owner names somebody.
function Get-NextSecurity {
  if ($run.Was -ceq '') { return '' }
  if ($run.OwnerWish -ceq '') { return $run.Was }
  $parts = Read-Sddl $run.Was
  return 'O:' + $parts.Owner + 'G:' + $parts.Group + 'D:' + (Get-Access $run.Reader)
}

# Stop-Unsaved CODE: after a change that was not made.
function Stop-Unsaved($code) {
  $name = Get-Plain $run.TokenFile
  switch ($code) {
    4 { Stop-Run 11 ($name + ' was changed by another program meanwhile; nothing was changed') 'see what changes it, and run this again' }
    5 { Stop-Run 12 ($name + ' is in use by another program; nothing was changed') 'see which program keeps it open, and run this again' }
    default { Stop-Run 12 ('cannot replace ' + $name + '; nothing was changed') 'look at the folder''s access list and at the free space' }
  }
}

# The files beside it: the old token while a new one is tried, which one is tried, and the old one after a run that ended without a proof.
function Get-Trial { return $run.TokenFile + '.crossfade-trial' }
function Get-Tried { return $run.TokenFile + '.crossfade-tried' }
function Get-Kept { return $run.TokenFile + '.crossfade-kept' }

# Save-Beside PATH TEXT: a file for administrators and the caller only.
function Save-Beside($path, $text) {
  $code = Save-File $path $text $null ([System.IO.Path]::GetPathRoot($path)) '' (Get-Access '')
  if ($code -ne 0) { Stop-Run 12 ('cannot write to ' + (Get-Plain (Get-Folder $path)) + '; nothing was changed') 'free some space, and look at the folder''s access list' }
}

# Clear-Trial: forgets the old token, once another one is proven or it is in place again.
function Clear-Trial {
  $run.Trying = $false
  foreach ($path in (Get-Trial), (Get-Tried)) { if ((Get-Kind $path) -ceq 'file') { Remove-File $path } }
}

# Clear-Left: puts back or removes what a killed run left of its files. The folder is ours alone, so the names are, too.
function Clear-Left {
  foreach ($path in $run.TokenFile, (Get-Trial), (Get-Tried), (Get-Kept)) { Repair-Target $path ([System.IO.Path]::GetPathRoot($path)) }
  if (-not $run.Repaired) { Stop-Run 12 'what an interrupted run left cannot be put back or removed' ('look at ' + (Get-Plain $run.TokenFile) + '.crossfade-*') }
}

# Test-Foreign TEXT PRINT: whoever changed the file since the token with that fingerprint was tried in it meant that: it stays. Where the
# fingerprint is not known, it may have been changed.
function Test-Foreign($text, $print) {
  $line = Get-FirstLine ([string]$text)
  return $line -cne '' -and (Get-Fingerprint $line) -cne $print
}

# Restore-Interrupted: a run that was killed while it tried a new token left the old one beside it: back it goes.
function Restore-Interrupted {
  $trial = Get-Trial
  $text = Read-Small $trial
  if ($null -eq $text -and (Get-Kind $trial) -cne 'absent') {
    Stop-Run 11 ('no token can be read from ' + (Get-Plain $trial) + ', where an interrupted run left the old one') `
      'run this as an account that may read it, or move the file away'
  }
  $now = Read-Small $run.TokenFile
  if ($text -and -not (Test-Same $text ([string]$now))) {
    $tried = Read-FirstLine (Get-Tried)
    if (Test-Foreign $now $tried) {
      Save-Kept
      $came = 'which came after a run that was interrupted'
      if ($tried -ceq '') { $came = 'and nothing shows whether a run that was interrupted put it there' }
      Write-Caution ('fp=' + (Get-Fingerprint (Get-FirstLine $now)) + ' is in place, ' + $came +
        ', and stays; the token from before that run is kept in ' + (Get-Plain (Get-Kept)))
      return
    }
    $security = $run.Was
    if ($security -ceq '') { $code = Save-First $text } else { $code = Save-Token $text $now $security }
    # Another program was faster: what it put there is judged.
    if ($code -eq 4) {
      Read-State
      Restore-Interrupted
      return
    }
    if ($code -ne 0) { Stop-Run 12 'the old token cannot be put back after an interrupted run' ('it is in ' + (Get-Plain $trial)) }
    if (-not (Set-Change (Get-FirstLine $text))) { Write-Caution 'the collector could not be told; see its log' }
    Write-Line ('restored  fp=' + (Get-Fingerprint (Get-FirstLine $text)) + ' is in place again: a run was interrupted before it proved the new token')
  }
  Clear-Trial
}

# Save-First TEXT: a token file where there was none.
function Save-First($text) {
  $path = $run.TokenFile
  return (Save-File $path $text $ABSENT ([System.IO.Path]::GetPathRoot($path)) '' (Get-Access $run.Reader))
}
