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

# Get-Count sent|send_failed|refused: how much our exporter has sent, has dropped for good, or has dropped because the token was refused (or for
# a reason that this release does not tell) since the collector started. What it gave up because nobody took it does not count.
function Get-Count($what) {
  $name = $what
  if ($what -ceq 'refused') { $name = 'send_failed' }
  $start = 'otelcol_exporter_' + $name + '_'
  $sum = [double]0
  foreach ($line in $run.Page.Split("`n")) {
    if (-not $line.StartsWith($start, [StringComparison]::Ordinal) -or -not $line.Contains($EXPORTER)) { continue }
    if ($line.Contains('error_permanent="false"')) { continue }
    $isTold = $what -ceq 'refused' -and $line.Contains('error_type=')
    if ($isTold -and $line -cnotmatch 'error_type="(Unauthenticated|PermissionDenied)"') { continue }
    $sum += Get-Value $line
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
