# Find-OnPath CLI: the release of a CLI that starts by name where this was started: that of the package beside npm's command, or ? where
# that does not show.
function Find-OnPath($cli) {
  if ($run.Accounts -cne 'self') { return }
  foreach ($folder in ([string]$env:PATH).Split([System.IO.Path]::PathSeparator)) {
    $folder = $folder.Trim('"', ' ')
    if ($folder -cnotmatch '\A([A-Za-z]:[\\/]|/)') { continue }
    foreach ($ending in '.exe', '.cmd', '.ps1') {
      if (-not [System.IO.File]::Exists((Join-Place $folder ($CLIS[$cli].Program + $ending)))) { continue }
      $package = Join-Place $folder ('node_modules/' + $CLIS[$cli].Package + '/package.json')
      if ([System.IO.File]::Exists($package)) { return (Read-Sign 'package' $package) }
      return '?'
    }
  }
}
