# Test-Older A B: whether one release is before another.
function Test-Older($a, $b) {
  $left = $a.Split('.')
  $right = $b.Split('.')
  for ($i = 0; $i -lt $left.Count -or $i -lt $right.Count; $i++) {
    $x = 0
    $y = 0
    if ($i -lt $left.Count) { [void][int]::TryParse($left[$i], [ref]$x) }
    if ($i -lt $right.Count) { [void][int]::TryParse($right[$i], [ref]$y) }
    if ($x -ne $y) { return $x -lt $y }
  }
  return $false
}

# Get-Release WORDS: the oldest of those found; ? if none is known; nothing if the CLI is not found.
function Get-Release($words) {
  $release = ''
  foreach ($word in $words) {
    if ($word -ceq 'ours') { continue }
    if ($word -ceq '?') { if ($release -ceq '') { $release = '?' } }
    elseif ($release -ceq '' -or $release -ceq '?' -or (Test-Older $word $release)) { $release = $word }
  }
  return $release
}

# Get-Since LAYER: the first release that obeys it.
function Get-Since($layer) {
  foreach ($pair in $layer.SinceWith) { if (Test-Feature $pair[0]) { return $pair[1] } }
  return $layer.Since
}

# Test-Unread CLI RELEASE: whether it does not read the file of the machine, for the folders that lead there.
function Test-Unread($cli, $release) {
  $since = $CLIS[$cli].System.Closed
  if ($since -ceq '' -or (Test-Older $release $since)) { return $false }
  $path = Expand-Place $CLIS[$cli].System.File
  # A folder whose files others can replace is refused, and not gone around.
  try { return ((Test-Crowded $path) -and -not (Test-Shared $path $false)) } catch { return $true }
}

# Get-Layers CLI WORDS: which layers matter for whoever has this on the machine.
function Get-Layers($cli, $words) {
  $release = Get-Release $words
  $in = @{ Release = $release; System = $false; User = $false }
  if ($release -ceq '') { return $in }
  if ($run.Scope -cne 'system') { $in.User = $true }
  elseif ($release -ceq '?') { $in.System = $in.User = $true }
  elseif (Test-Older $release (Get-Since $CLIS[$cli].System)) { $in.User = $true }
  elseif (Test-Unread $cli $release) { $in.User = $true }
  else { $in.System = $true }
  if ($in.User -and $release -cne '?' -and (Test-Older $release (Get-Since $CLIS[$cli].User))) {
    $in.User = $false
    Set-State $cli 'old'
  }
  return $in
}
