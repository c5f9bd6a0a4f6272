# Restore-Old: puts the old token back, and forgets the trial only when it is there. Returns whether it is, or what another program put there
# stays.
function Restore-Old {
  $now = Read-Small $run.TokenFile
  if (-not (Test-Same ([string]$now) $run.OldText)) {
    if (Test-Foreign $now $run.Fresh) {
      Save-Kept
      $run.Foreign = (Get-Plain $run.TokenFile) + ' was changed by another program meanwhile: fp=' + (Get-Fingerprint (Get-FirstLine $now)) +
        ' stays in place, the old token is kept in ' + (Get-Plain (Get-Kept))
      return $true
    }
    # As it was, whatever the new one was meant to be like.
    $code = Save-Token $run.OldText $now $run.Was
    # Another program was faster: what it put there is judged.
    if ($code -eq 4) { return (Restore-Old) }
    if ($code -eq 6) { Write-Caution ('owner or access list of ' + (Get-Plain $run.TokenFile) + ' are not what they were: look with icacls') }
    elseif ($code -ne 0) {
      Write-Problem ('the old token could not be put back; it is in ' + (Get-Plain (Get-Trial)))
      return $false
    }
    $run.TakenBefore = Get-Taken
    if (-not (Set-Change)) { Write-Caution 'the collector could not be told; see its log' }
    Write-Line ('restored  fp=' + $run.OldPrint + ' is in place again')
  }
  Clear-Trial
  return $true
}

# Test-Restored: after a restore: whether the collector has read the old token again. One that has lost sight of its file goes on with the
# new one.
function Test-Restored {
  for ($waited = 0; $waited -lt 3; $waited++) {
    if (-not (Update-Page)) { $run.Page = '' }
    $taken = Get-Taken
    if ($null -ne $taken -and $taken -gt [double]$run.TakenBefore) { return }
    Start-Sleep -Seconds 1
  }
  Write-Caution ('nothing shows that the collector has read fp=' + $run.OldPrint + ' again: restart it')
}

# Save-Kept: the run ends without a proof: the new token stays, and the old one is kept, or the one before it that was proven.
function Save-Kept {
  if ((Get-Kind (Get-Kept)) -cne 'file') { Move-File (Get-Trial) (Get-Kept) }
  Clear-Trial
}

# Complete-Run: whatever ends a run while the new token is not proven, short of killing it, puts the old one back.
function Complete-Run {
  if ($run.Trying) {
    try {
      [void](Restore-Old)
      if ($run.Foreign -cne '') { Write-Problem $run.Foreign }
    } catch { Write-Problem ('the old token could not be put back; it is in ' + (Get-Plain (Get-Trial))) }
  }
  Exit-Lock
}

# Stop-Foreign: the end of a run in which another program changed the file.
function Stop-Foreign { if ($run.Foreign -cne '') { Stop-Run 11 $run.Foreign 'see what changes it, and run this again' } }

# Stop-Restored CODE WHAT FIX: the end of a run whose new token did not do.
function Stop-Restored($code, $what, $fix) {
  if (-not (Restore-Old)) { Stop-Run 12 'the old token is not in place' ('put back what is in ' + (Get-Plain (Get-Trial))) }
  Stop-Foreign
  Test-Restored
  Stop-Run $code $what $fix
}

# Stop-Failed: exports failed since the change. The token is to blame only if a token was refused, or nothing tells why.
function Stop-Failed {
  $refused = Get-Count 'refused'
  # A restart starts the counters again.
  if ($refused -lt $run.Refused) { $run.Refused = [double]0 }
  if ($refused -gt $run.Refused) {
    Stop-Restored 3 'exports fail with the new token' 'see the collector''s log, and check that the token was copied completely'
  }
  Stop-Restored 11 'exports fail for good since the change, none of them because a token was refused' `
    'see the collector''s log for what the backend does not take, and run this again'
}

# Complete-Trial RESULT: what Wait-Proof found, for a person, and the end.
function Complete-Trial($result) {
  $in = 'fp=' + $run.Fresh + ' is in place, the old token is kept in ' + (Get-Plain (Get-Kept))
  switch ($result) {
    0 {
      Clear-Trial
      if ((Get-Kind (Get-Kept)) -ceq 'file') { Remove-File (Get-Kept) }
      Write-Line ('proven    exports succeed with fp=' + $run.Fresh)
      $run.Finished = $true
      exit 0
    }
    3 { Stop-Failed }
    11 {
      Stop-Restored 11 ('the collector''s process ' + $run.Process + ' sees a different token at ' + (Get-Plain $run.TokenFile)) `
        'see what else writes that file; see --pid and --token-file'
    }
    6 {
      Save-Kept
      Stop-Run 6 ('the metrics stopped answering; ' + $in) 'see the collector''s log'
    }
    9 {
      Save-Kept
      Stop-Run 9 ('nothing was exported in ' + $run.Wait + ' s, so nothing is proven; ' + $in) `
        'see that the backend takes what the collector sends, or send something; then run this again with the same token'
    }
    14 {
      Save-Kept
      Stop-Run 14 ('replaced, not proven: exports continue, but it is unknown with which token; ' + $in) `
        ('check that ' + (Get-Sign).How + ' after the change, and at the provider which token it receives data with; or run this again with the same token, as an administrator on the collector''s host or with --counters')
    }
  }
}

# Set-First: a token where there was none; no collector runs without one.
function Set-First {
  if ($run.DryRun) {
    Write-Line ('would put fp=' + $run.Fresh + ' into ' + (Get-Plain $run.TokenFile))
  } else {
    if ((Get-Kind $run.TokenFile) -ceq 'file') { $code = Save-Token $run.Token '' (Get-NextSecurity) } else { $code = Save-First $run.Token }
    if ($code -ne 0) { Stop-Unsaved $code }
    Write-Line ('in place  fp=' + $run.Fresh + ' is in ' + (Get-Plain $run.TokenFile) + '; start the collector')
  }
  $run.Finished = $true
  exit 0
}

# Set-Token: the old token beside, the new one in its place, and the collector told.
function Set-Token($next) {
  $before = $run.OldText
  # The file may hold the new token already, from a run that could not prove it; what was proven is beside it.
  $now = Read-Small $run.TokenFile
  if (Test-Same (Get-FirstLine ([string]$now)) $run.Token) { $before = $now }
  Save-Beside (Get-Tried) $run.Fresh
  Save-Beside (Get-Trial) $run.OldText
  $run.Trying = $true
  $code = Save-Token $run.Token $before $next
  if ($code -eq 6) { Stop-Restored 12 'the new file did not keep the owner and the access list of the old one' 'look with icacls' }
  if ($code -ne 0) {
    Clear-Trial
    Stop-Unsaved $code
  }
  $run.Changed = Get-Seconds
  Write-Line ('in place  fp=' + $run.Fresh + ' instead of fp=' + $run.OldPrint)
  if (-not (Set-Change)) {
    [void](Restore-Old)
    Stop-Foreign
    Stop-Run 11 'the collector did not accept the restart' 'fix the error above and run this again'
  }
}

function Start-Run {
  Read-Arguments
  Test-Machine
  $run.Since = Get-Seconds
  Test-Way
  Find-Collector
  if (-not $run.DryRun) {
    # Before anything is read: what another run is about to change is not what is there.
    Enter-Lock ([System.IO.Path]::Combine((Get-Folder $run.TokenFile), '.crossfade-rotate.lock'))
    Clear-Left
    Read-State
    Restore-Interrupted
  }
  Read-State
  Write-Readers
  Read-Given
  if (Test-Same $run.Token $run.Old) {
    $text = Read-Small (Get-Kept)
    if (-not $text) {
      Write-Line ('unchanged fp=' + $run.Fresh + ' is in place already')
      $run.Finished = $true
      exit 0
    }
    $run.OldText = $text
    $run.Old = Get-FirstLine $text
  }
  Test-Provider
  if ($run.Old -ceq '') { Set-First }
  $run.OldPrint = Get-Fingerprint $run.Old
  $next = Get-NextSecurity
  if (-not (Test-Reader $next)) {
    Stop-Run 11 ('the collector''s account (' + $run.Reader + ') could not read the new file; nothing was changed') `
      ('let that account read ' + (Get-Plain $run.TokenFile) + ', or name it with --owner')
  }
  if (-not (Update-Page)) { Stop-Run 6 ('the collector''s metrics do not answer at ' + (Get-Plain $run.Metrics)) 'start it, or give their URL with --metrics' }
  if (-not $run.DryRun) {
    Wait-Queue
    Wait-Way
  }
  $run.Failed = Get-Count 'send_failed'
  $run.Refused = Get-Count 'refused'
  Save-Standing
  if ($run.DryRun) {
    Write-Line ('would replace fp=' + $run.OldPrint + ' by fp=' + $run.Fresh + ' in ' + (Get-Plain $run.TokenFile))
    $run.Finished = $true
    exit 0
  }
  Set-Token $next
  Complete-Trial (Wait-Proof)
}
