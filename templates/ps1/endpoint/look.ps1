# Find-Signs HOME TABLE: for each CLI the releases that show without running anything: N.N.N, ? for a sign without one, ours for an undo
# record of this script.
function Find-Signs($base, $table) {
  $found = @{}
  foreach ($cli in $KNOWN) {
    $signs = @(foreach ($folder in $PACKAGES[$table]) { ,@('package', ($folder + '/' + $CLIS[$cli].Package + '/package.json')) })
    $found[$cli] = @(foreach ($sign in $signs + $CLIS[$cli][$table]) {
      foreach ($path in @(Expand-Pattern $base $sign[1])) { Read-Sign $sign[0] $path }
    })
  }
  return $found
}

# Expand-Pattern BASE PATTERN: the paths that exist; a star stands for one part of a name, in one folder.
function Expand-Pattern($base, $pattern) {
  if ($base -ceq '') {
    $parts = $pattern.Split('%')
    $base = $run.Places[$parts[1]]
    $pattern = $parts[2].TrimStart('/')
  }
  $paths = @($base)
  foreach ($part in $pattern.Split('/')) {
    $paths = @(foreach ($path in $paths) {
      if (-not $part.Contains('*')) { $path + $SEPARATOR + $part }
      elseif ([System.IO.Directory]::Exists($path)) {
        try { [System.IO.Directory]::GetDirectories($path, $part) | Select-Object -First 500 } catch { continue }
      }
    })
  }
  return $paths | Where-Object { [System.IO.File]::Exists($_) -or [System.IO.Directory]::Exists($_) }
}

# Read-Sign KIND PATH: package, a package.json; folder, named after the release; trace, there or not; ours, an undo record.
function Read-Sign($kind, $path) {
  if ($kind -ceq 'ours') { return 'ours' }
  $release = ''
  if ($kind -ceq 'folder') {
    $release = [System.IO.Path]::GetFileName($path)
    # Such as a link named current, beside the folders that it leads to.
    if ($release -cnotmatch '\Av?[0-9]') { return }
  }
  if ($kind -ceq 'package') {
    try { $text = Read-Bytes $path 262144 } catch { return '?' }
    if ($null -eq $text) { return '?' }
    $match = [regex]::Match($text, '"version"\s*:\s*"([^"]*)"')
    if ($match.Success) { $release = $match.Groups[1].Value }
  }
  $match = [regex]::Match($release, '\Av?([0-9]{1,9}\.[0-9]{1,9})((?:\.[0-9]{1,9})*)')
  if (-not $match.Success) { return '?' }
  $rest = $match.Groups[2].Value
  if ($rest -ceq '') { $rest = '.0' }
  return $match.Groups[1].Value + $rest
}
