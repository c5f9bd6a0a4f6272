# Get-Waiting: how much waits in the queue of our exporter, in requests or whatever that queue counts; null where the metrics do not show it.
function Get-Waiting {
  $sum = $null
  foreach ($line in $run.Page.Split("`n")) {
    if ($line -cmatch '\A(otelcol_)?exporter_queue_size' -and $line.Contains($EXPORTER)) { $sum = [double]$sum + (Get-Value $line) }
  }
  return $sum
}

# Get-Number VALUE: a count as text, whatever its size and the culture here.
function Get-Number($value) { return ([double]$value).ToString('F0', [System.Globalization.CultureInfo]::InvariantCulture) }

# Test-HasToken TEXT: whether the new token or the old one is in it.
function Test-HasToken($text) {
  if ($text.IndexOf($run.Token, [StringComparison]::Ordinal) -ge 0) { return $true }
  return ($run.Old -cne '' -and $text.IndexOf($run.Old, [StringComparison]::Ordinal) -ge 0)
}

# Get-PlainPart PART: a part of an id as it can be shown: without what controls a terminal, and not if it is a token or could be one.
function Get-PlainPart($part) {
  $rest = [regex]::Replace($part, '[0-9]', '')
  $isLikeToken = $part.Length -ge 20 -and $part.Length - $rest.Length -ge 2 -and $rest -cmatch '[A-Za-z]'
  if ($isLikeToken -or (Test-HasToken $part)) { return '[' + $part.Length + ' characters]' }
  return [regex]::Replace($part, '[^A-Za-z0-9_./-]', '?')
}

# Get-ShownId ID: the id of an exporter as it can be shown.
function Get-ShownId($id) {
  $slash = $id.IndexOf('/', [StringComparison]::Ordinal)
  if ($slash -lt 0) { return Get-PlainPart $id }
  $type = $id.Substring(0, $slash)
  $name = $id.Substring($slash + 1)
  if ((Test-HasToken $id) -and -not (Test-HasToken $type) -and -not (Test-HasToken $name)) { return Get-PlainPart $id }
  return (Get-PlainPart $type) + '/' + (Get-PlainPart $name)
}

# Get-ByExporter PAGE PATTERN: the sums of the lines that a pattern finds, by exporter and in the order of the page.
function Get-ByExporter($page, $pattern) {
  $sums = New-Object System.Collections.Specialized.OrderedDictionary([StringComparer]::Ordinal)
  foreach ($line in $page.Split("`n")) {
    if ($line -cnotmatch $pattern) { continue }
    $match = [regex]::Match($line, 'exporter="([^"]*)"')
    if (-not $match.Success) { continue }
    $id = $match.Groups[1].Value
    $sums[$id] = [double]$sums[$id] + (Get-Value $line)
  }
  return $sums
}

# Get-InTheWay BEFORE: what stands in the way of a restart: our queue if it is full, and other exporters of which data waits and that did not
# just now send any. BEFORE is the page of metrics from before. Nothing if nothing does.
function Get-InTheWay($before) {
  $sentBefore = Get-ByExporter $before '\Aotelcol_exporter_sent_'
  $sent = Get-ByExporter $run.Page '\Aotelcol_exporter_sent_'
  $full = [double]0
  $capacity = [double]0
  $others = New-Object System.Text.StringBuilder
  foreach ($line in $run.Page.Split("`n")) {
    if ($line.Contains($EXPORTER)) {
      if ($line -cmatch '\A(otelcol_)?exporter_queue_size') { $full = [Math]::Max($full, (Get-Value $line)) }
      elseif ($line -cmatch '\A(otelcol_)?exporter_queue_capacity') { $capacity = Get-Value $line }
    } else { [void]$others.Append($line).Append("`n") }
  }
  $sizes = Get-ByExporter $others.ToString() '\A(otelcol_)?exporter_queue_size'
  $names = @(foreach ($id in $sizes.Keys) {
    $isIdle = [double]$sent[$id] -le [double]$sentBefore[$id]
    if ($sizes[$id] -gt 10 -or ($sizes[$id] -gt 0 -and $isIdle)) { Get-ShownId $id }
  })
  if ($names.Count -gt 0) {
    return 'data waits for other exporters (' + ($names -join ', ') + '): what a queue in memory has, a reload or restart tries once more and drops'
  }
  # Where requests do not all fit, a queue is never quite full.
  if ($capacity -gt 0 -and $full -ge 0.9 * $capacity) {
    return 'the queue is full: until there is room, a reload or restart may not end, and take no data'
  }
  return ''
}

# Wait-Second: a second later, with the page of metrics of then.
function Wait-Second {
  Start-Sleep -Seconds 1
  if (-not (Update-Page)) {
    Stop-Run 6 ('the collector''s metrics stopped answering at ' + (Get-Plain $run.Metrics) + '; nothing was changed') 'see the collector''s log'
  }
}

# Wait-Queue: waits until no data waits in the queue that the change would lose. A few requests that an export which works has under way
# do not, but one of them can be a large batch that is between two tries: only what is exported for longer than such a pause shows that
# none is.
function Wait-Queue {
  $queued = Get-Waiting
  if ($QUEUE -ceq '') {
    if ($queued -gt 0) { Write-Line ('waiting   ' + (Get-Number $queued) + ' in the queue, which the change does not lose') }
    return
  }
  if ($null -eq $queued) {
    Write-Caution ('the metrics do not show the queue: if data waits in it, ' + $QUEUE)
    return
  }
  $why = ': ' + $QUEUE
  if ($UNSEEN -cne '') { $why = '; ' + $UNSEEN + $why }
  $before = Get-Count 'sent'
  $steady = 0
  for ($waited = 0; $queued -gt 0 -or $UNSEEN -cne ''; ) {
    # In requests, items or bytes: a config can choose.
    $what = 'a queue of unknown size'
    if ($queued -gt 0) { $what = 'a queue of ' + (Get-Number $queued) }
    if ($run.DespiteQueue) {
      Write-Caution ('data waits in ' + $what + ': ' + $QUEUE)
      return
    }
    if ($waited -eq 1) { Write-Line ('waiting   for ' + $what + $why) }
    if ($waited -ge $run.Wait) {
      Stop-Run 11 ('data still waits in ' + $what + $why + '; nothing was changed') `
        'see that the backend accepts it and run this again, or lose it with --despite-queue'
    }
    Wait-Second
    $waited++
    $queued = [double](Get-Waiting)
    $sent = Get-Count 'sent'
    # With an empty queue there need not be anything to send, but the backend must answer.
    if (($queued -eq 0 -and -not $run.NoPrecheck) -or ($queued -le 10 -and $sent -gt $before)) { $steady++ } else { $steady = 0 }
    if ($steady -ge $PAUSE) { return }
    $before = $sent
  }
}

# Wait-Way: a restart ends every exporter, not only ours, and may not end itself while senders are held up by a full queue.
function Wait-Way {
  if ($run.Apply -ceq '') { return }
  $before = $run.Page
  for ($waited = 0; ; $waited++) {
    $what = Get-InTheWay $before
    if ($what -ceq '') { return }
    if ($run.DespiteQueue) {
      Write-Caution $what
      return
    }
    if ($waited -eq 2) { Write-Line ('waiting   ' + $what) }
    if ($waited -ge $run.Wait) {
      Stop-Run 11 ($what + '; nothing was changed') 'see that each backend accepts its data and run this again, or accept this with --despite-queue'
    }
    $before = $run.Page
    Wait-Second
  }
}
