# Read-Page URL: a page as text; null where there is no answer. By no proxy: it is this machine's, or one that was named.
function Read-Page($url) {
  $until = [DateTime]::UtcNow.AddSeconds(20)
  [System.Net.HttpWebResponse]$response = $null
  try {
    [System.Net.HttpWebRequest]$request = [System.Net.WebRequest]::Create($url)
    $request.Proxy = $null
    $request.Timeout = 10000
    $request.ReadWriteTimeout = 10000
    $request.AllowAutoRedirect = $false
    $response = $request.GetResponse()
    if ([int]$response.StatusCode -ne 200) { return $null }
    $reader = New-Object System.IO.StreamReader($response.GetResponseStream(), $LATIN1)
    $text = New-Object System.Text.StringBuilder
    $buffer = New-Object char[] 65536
    while ($true) {
      $count = $reader.Read($buffer, 0, $buffer.Length)
      if ($count -le 0) { return $text.ToString() }
      [void]$text.Append($buffer, 0, $count)
      if ($text.Length -gt $LARGEST_PAGE -or [DateTime]::UtcNow -gt $until) { return $null }
    }
  } catch { return $null } finally { if ($null -ne $response) { $response.Close() } }
}

# Get-Value LINE: the number behind the labels of a counter; a time can follow it.
# https://prometheus.io/docs/instrumenting/exposition_formats/
function Get-Value($line) {
  $words = $line.Substring($line.LastIndexOf([char]'}') + 1).Trim().Split(' ')
  $value = [double]0
  if (-not [double]::TryParse($words[0], [System.Globalization.NumberStyles]::Float, [System.Globalization.CultureInfo]::InvariantCulture, [ref]$value)) { return [double]0 }
  # Not a number is not equal to itself.
  if ($value -ne $value) { return [double]0 }
  return $value
}

# Get-Count NAME: how much our exporter has sent (or send_failed) since the collector started, by the page of metrics.
function Get-Count($name) {
  $start = 'otelcol_exporter_' + $name + '_'
  $sum = [double]0
  foreach ($line in $run.Page.Split("`n")) {
    if ($line.StartsWith($start, [StringComparison]::Ordinal) -and $line.Contains($EXPORTER)) { $sum += Get-Value $line }
  }
  return $sum
}

# Get-Waiting: how many requests wait in the queue of our exporter; null where the metrics do not show it.
function Get-Waiting {
  $sum = $null
  foreach ($line in $run.Page.Split("`n")) {
    if ($line -cmatch '\A(otelcol_)?exporter_queue_size' -and $line.Contains($EXPORTER)) { $sum = [double]$sum + (Get-Value $line) }
  }
  return $sum
}

# Update-Page: reads the metrics again. Returns whether they answered.
function Update-Page {
  $page = Read-Page $run.Metrics
  if ($null -eq $page) { return $false }
  $run.Page = $page
  return $true
}

# Wait-Queue: waits until no data waits in the queue that the change would lose. A few requests that an export which works has under way
# do not, but one of them can be a large batch that is between two tries: only what is exported for longer than such a pause shows that
# none is.
function Wait-Queue {
  $queued = Get-Waiting
  if ($QUEUE -ceq '' -or $run.Apply -ceq '') {
    if ($queued -gt 0) { Write-Line ('waiting   ' + $queued + ' requests in the queue, which the change does not lose') }
    return
  }
  if ($null -eq $queued) {
    Write-Caution ('the metrics do not show the queue: if data waits in it, ' + $QUEUE)
    return
  }
  $why = $QUEUE
  if ($UNSEEN -cne '') { $why = $UNSEEN + ': ' + $QUEUE }
  $before = Get-Count 'sent'
  $steady = 0
  for ($waited = 0; $queued -gt 0 -or $UNSEEN -cne ''; ) {
    $what = 'an unknown number of requests'
    if ($queued -gt 0) { $what = [string]$queued + ' requests' }
    if ($run.DespiteQueue) {
      Write-Caution ($what + ' wait in the queue: ' + $QUEUE)
      return
    }
    if ($waited -eq 1) { Write-Line ('waiting   for ' + $what + ' in the queue; ' + $why) }
    if ($waited -ge $run.Wait) {
      Stop-Run 11 ($what + ' still wait in the queue; ' + $why + '; nothing was changed') `
        'see that the backend accepts them and run this again, or lose them with --despite-queue'
    }
    Start-Sleep -Seconds 1
    $waited++
    if (-not (Update-Page)) {
      Stop-Run 6 ('the collector''s metrics stopped answering at ' + (Get-Plain $run.Metrics) + '; nothing was changed') 'see the collector''s log'
    }
    $queued = Get-Waiting
    $sent = Get-Count 'sent'
    # With an empty queue there need not be anything to send, but the backend must answer.
    if (($queued -eq 0 -and -not $run.NoPrecheck) -or ($queued -le 10 -and $sent -gt $before)) { $steady++ } else { $steady = 0 }
    if ($steady -ge $PAUSE) { return }
    $before = $sent
  }
}

# Test-Provider: asks the provider with an empty export whether it accepts the token. A redirection is not followed: the token would go along.
function Test-Provider {
  if ($run.NoPrecheck) { return }
  $status = Send-Empty
  if ($status -ge 200 -and $status -lt 300) { Write-Line ('accepted  ' + $PROVIDER + ' accepts fp=' + $run.Fresh) }
  elseif ($status -eq 401 -or $status -eq 403) {
    Stop-Run 3 ($PROVIDER + ' rejects the new token (HTTP ' + $status + '); nothing was changed') 'copy it again, or rotate again'
  } elseif ($status -eq 0) { Write-Caution ('no answer from ' + $PROBE_URL + ', so the token is not checked beforehand') }
  else { Write-Caution ($PROBE_URL + ' answered HTTP ' + $status + ', which says nothing about the token') }
}

# Send-Empty: the status of the answer; 0 without one.
function Send-Empty {
  [System.Net.HttpWebResponse]$response = $null
  try {
    # TLS 1.2 besides what the system offers; 0 leaves it to the system.
    $protocols = [int][System.Net.ServicePointManager]::SecurityProtocol
    if ($protocols -ne 0) { [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]($protocols -bor 3072) }
    [System.Net.HttpWebRequest]$request = [System.Net.WebRequest]::Create($PROBE_URL)
    $request.Method = 'POST'
    $request.ContentType = 'application/json'
    $request.Timeout = 30000
    $request.AllowAutoRedirect = $false
    $value = $run.Token
    if ($SCHEME -cne '') { $value = $SCHEME + ' ' + $value }
    $request.Headers.Add($HEADER, $value)
    $bytes = $LATIN1.GetBytes('{}')
    $body = $request.GetRequestStream()
    $body.Write($bytes, 0, $bytes.Length)
    $body.Dispose()
    $response = $request.GetResponse()
    return [int]$response.StatusCode
  } catch {
    $inner = $_.Exception
    while ($null -ne $inner.InnerException -and $inner -isnot [System.Net.WebException]) { $inner = $inner.InnerException }
    if ($inner -isnot [System.Net.WebException]) { return 0 }
    [System.Net.WebException]$failure = $inner
    $response = $failure.Response
    if ($null -eq $response) { return 0 }
    return [int]$response.StatusCode
  } finally { if ($null -ne $response) { $response.Close() } }
}
