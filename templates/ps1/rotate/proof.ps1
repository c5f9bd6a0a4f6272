# Get-View: the path at which the collector's process finds what is at the token's path. A Windows service has no view of its own.
function Get-View { return $run.TokenFile }

# Test-Seen: what the collector finds at its own path: yes (the new token), no (another), unknown.
function Test-Seen {
  # A restart has given it another number.
  if ($run.Process -cne '' -and -not (Test-Process $run.Process)) {
    $next = Find-Process
    if ($next -ceq '') { return 'unknown' }
    $run.Process = $next
  }
  if ($run.Process -ceq '') { return 'unknown' }
  if (Test-Same (Read-FirstLine (Get-View)) $run.Token) { return 'yes' }
  return 'no'
}

# Get-Sign: what the log or the metrics say when it has read its token anew: it watches the file where nothing is run after the change.
function Get-Sign {
  if ($run.Apply -ceq '') { return $SIGNS.Watched }
  return $SIGNS.Started
}

# Get-Taken: a number that rises when the collector has read its token anew: lines of its log, or a time in its metrics. Null where there is
# none.
function Get-Taken {
  $sign = Get-Sign
  if ($sign.Kind -ceq 'metric') {
    $last = $null
    foreach ($line in $run.Page.Split("`n")) {
      if (-not $line.StartsWith($sign.Text, [StringComparison]::Ordinal) -or -not $line.Contains($sign.Label)) { continue }
      $value = Get-Value $line
      if ($value -gt 0 -and ($null -eq $last -or $value -gt $last)) { $last = [Math]::Floor($value) }
    }
    return $last
  }
  if ($run.Logs -ceq '') { return $null }
  $count = 0
  foreach ($line in (Invoke-Lines $run.Logs).Lines) {
    if ($line.Contains($sign.Text) -and $line.Contains($sign.Label)) { $count++ }
  }
  return $count
}

# Get-ByPrint FINGERPRINT: what a page that counts by fingerprint has counted of a token: in counters of what came through, and where it is
# the fingerprint, not a sender's name.
function Get-ByPrint($print) {
  $sum = [double]0
  $pair = 'fingerprint="' + $print + '"'
  $component = 'crossfade[-_]fp[-_]' + $print + '"'
  foreach ($line in $run.Counted.Split("`n")) {
    $isFound = $false
    if ($line -cmatch '\Acrossfade_(tap_requests|tap_records|gateway_)') { $isFound = $line.Contains($pair) }
    elseif ($line -cmatch '\A(otelcol_)?(receiver_accepted_|processor_incoming_items)') { $isFound = $line -cmatch $component }
    if ($isFound) { $sum += Get-Value $line }
  }
  return $sum
}

# Save-Standing: remembers where things stand before the token is replaced.
function Save-Standing {
  if ($run.Counters -cne '') {
    $page = Read-Page $run.Counters
    if ($null -eq $page) { Stop-Run 6 ('no answer from ' + (Get-Plain $run.Counters)) 'start what counts there, or leave --counters out' }
    $run.Counted = $page
  }
  $run.NewCounted = Get-ByPrint $run.Fresh
  $run.TakenBefore = Get-Taken
}

# Test-InUse: whether something was seen that only the new token brings about: yes; no; other where the collector's file is another one;
# never where there is nothing of the kind to see.
function Test-InUse {
  if ($run.Counters -cne '') {
    if ((Get-ByPrint $run.Fresh) -gt $run.NewCounted) { return 'yes' }
    return 'no'
  }
  $seen = Test-Seen
  if ($seen -ceq 'no') { return 'other' }
  $taken = Get-Taken
  if ($seen -ceq 'unknown' -or $null -eq $taken) { return 'never' }
  if ($taken -le [double]$run.TakenBefore) { return 'no' }
  # Times are in seconds: this reading may have come just before the change.
  if ((Get-Sign).Kind -ceq 'metric' -and $taken -le $run.Changed) { return 'no' }
  return 'yes'
}

# Wait-Proof: waits until exports succeed after something was seen that only the new token brings about: while both tokens are accepted, a
# counter of exports proves nothing by itself. Returns 0 proven; 3 exports fail; 6 no metrics; 9 nothing exported; 11 the collector sees
# another file; 14 exported, and nothing tells with which token.
function Wait-Proof {
  $failedBefore = $run.Failed
  $sentFirst = $null
  $sentBefore = [double]0
  $oldCounted = [double]0
  $sent = [double]0
  $settles = -1
  $isSettled = $false
  $state = 'no'
  for ($waited = 0; $waited -lt $run.Wait; $waited++) {
    if (Update-Page) {
      $isCounted = $true
      if ($run.Counters -cne '') {
        $page = Read-Page $run.Counters
        $isCounted = $null -ne $page
        $run.Counted = [string]$page
      }
      $sent = Get-Count 'sent'
      $failed = Get-Count 'send_failed'
      # A restart starts the counters again.
      if ($failed -lt $failedBefore) { $failedBefore = [double]0 }
      if ($failed -gt $failedBefore) { return 3 }
      if ($null -eq $sentFirst -or $sent -lt $sentFirst) { $sentFirst = $sent }
      if (-not $isSettled) {
        $state = Test-InUse
        if ($state -ceq 'other') { return 11 }
        if ($state -ceq 'yes' -or $state -ceq 'never') {
          # What is under way may still have the old token with it.
          if ($settles -lt 0) { $settles = $waited + 3 }
          $isSettled = $waited -ge $settles
          $sentBefore = $sent
          $oldCounted = Get-ByPrint $run.OldPrint
        }
      } elseif ($sent -lt $sentBefore) { $sentBefore = $sent }
      elseif ($sent -gt $sentBefore) {
        if ($state -cne 'yes') { return 14 }
        if ($run.Counters -ceq '') { return 0 }
        if ($isCounted -and (Get-ByPrint $run.OldPrint) -le $oldCounted) { return 0 }
        # Somebody still sends the old token there.
        $isSettled = $false
        $settles = -1
        $state = 'no'
      }
    }
    Start-Sleep -Seconds 1
  }
  if ($null -eq $sentFirst) { return 6 }
  if ($sent -le $sentFirst) { return 9 }
  return 14
}
