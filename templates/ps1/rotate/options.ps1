# Options with a value, and those without one: where they go.
$VALUES = @{
  '--from' = 'From'; '--wait' = 'Wait'; '--token-file' = 'TokenFile'; '--owner' = 'OwnerWish'; '--metrics' = 'Metrics'; '--pid' = 'Process'
  '--logs' = 'Logs'; '--counters' = 'Counters'; '--validate' = 'Validate'; '--apply' = 'Apply'
}
$SWITCHES = @{ '--dry-run' = 'DryRun'; '--despite-queue' = 'DespiteQueue'; '--no-precheck' = 'NoPrecheck' }

function Read-Arguments {
  for ($i = 0; $i -lt $given.Count; $i++) {
    $word = [string]$given[$i]
    if (@($VALUES.Keys) -ccontains $word) {
      if ($i + 1 -ge $given.Count) { Stop-Run 2 ($word + ' needs a value') 'see the top of this script' }
      $i++
      $run[$VALUES[$word]] = [string]$given[$i]
    } elseif (@($SWITCHES.Keys) -ccontains $word) { $run[$SWITCHES[$word]] = $true }
    elseif ($word -ceq '-h' -or $word -ceq '--help') {
      Show-Help
      $run.Finished = $true
      exit 0
    } else {
      # Not quoted: it could be a token.
      Stop-Run 2 'an argument this script does not know' 'the token comes from --from FILE or standard input; see --help'
    }
  }
  if ($run.Wait -cnotmatch '\A[0-9]{1,6}\z') { Stop-Run 2 '--wait is not a number of seconds' 'write it like 120' }
  if ($run.Process -cnotmatch '\A[0-9]{0,9}\z') { Stop-Run 2 '--pid is not the number of a process' 'write it like 4321' }
  foreach ($url in $run.Metrics, $run.Counters) {
    if ($url -cne '' -and $url -cnotmatch '\Ahttps?://') { Stop-Run 2 'a page of counters does not begin with http://' 'see --metrics and --counters' }
  }
  $run.Wait = [int]$run.Wait
  $run.MayWrite = -not $run.DryRun
  $run.TokenFile = Get-FullPath $run.TokenFile
  if ($run.From -cne '') { $run.From = Get-FullPath $run.From }
}

# Get-FullPath PATH: from the folder of this session, which need not be that of the process.
function Get-FullPath($path) {
  try {
    if (-not [System.IO.Path]::IsPathRooted($path)) { $path = [System.IO.Path]::Combine((Get-Location).ProviderPath, $path) }
    return [System.IO.Path]::GetFullPath($path)
  } catch { Stop-Run 2 ((Get-Plain $path) + ' is not the path of a file') 'see --token-file and --from' }
}
