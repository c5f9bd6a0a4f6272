# Show-Plan: before anything is asked for or changed: where the data goes, which files are set, and what is sent.
function Show-Plan {
  if ($run.Action -cne 'install') { return }
  $start = 'Telemetry to ' + (Get-Plain $run.Endpoint) + ' will be set for:'
  if ($run.DryRun) { $start = 'Dry run: nothing is changed. Telemetry to ' + (Get-Plain $run.Endpoint) + ' would be set for:' }
  Write-Record 'intro' '' '' $start
  foreach ($cli in $run.Clis) { Show-CliPlan $cli }
  $content = @(foreach ($feature in 'prompts', 'responses', 'tools') { if (Test-Feature $feature) { $feature } })
  $also = 'Not sent, but for what is listed above: prompts, responses, tool inputs.'
  if ($content.Count -gt 0) { $also = 'Also sent, because you ask for it: ' + ($content -join ' ') + '.' }
  Write-Record 'plan' '' '' $also
  if (Test-Feature 'host') {
    Write-Record 'plan' '' '' ('With all of it goes the name and id of this machine: ' + (Get-Plain $run.MachineName) + '. To leave it out: -NoHost.')
  }
  Write-Record 'plan' '' '' 'Each file is backed up before its first change; -Uninstall removes these settings again.'
}

function Show-CliPlan($cli) {
  $about = $CLIS[$cli]
  $isSet = $false
  $isForAll = $false
  foreach ($person in $run.People) {
    $in = Get-Layers $cli $person.Words[$cli]
    $name = '  ' + $about.Title + ' ' + $in.Release
    if ($in.System) {
      $file = Get-Plain (Expand-Place $about.System.File)
      if (-not $isForAll) { Write-Record 'plan' $cli $file ($name + ': ' + $file + ', for everybody on this machine') }
      $isForAll = $isSet = $true
    }
    if ($in.User) {
      $file = Get-Plain (Get-UserFile $cli $person)
      Write-Record 'plan' $cli $file ($name + ': ' + $file)
      $isSet = $true
    }
    elseif ($in.Release -ceq '') { Write-Record 'plan' $cli '' ('  ' + $about.Title + ': not found, skipped') }
    elseif (-not $in.System) { Write-Record 'plan' $cli '' ($name + ': too old, skipped') }
  }
  if ($isSet) { foreach ($fact in $about.Sends) { Write-Record 'plan' $cli '' ('    sends ' + $fact) } }
}

# Show-End: what came of it, when it takes effect, and how to check.
function Show-End {
  if ($run.Action -ceq 'report' -or $run.DryRun) { return }
  if (-not $run.Changed -and $run.Worst -eq 0 -and -not $run.Refused) {
    $said = 'Already up to date.'
    if ($run.Action -ceq 'install' -and -not (Test-State 'ok') -and -not (Test-State 'stale')) { $said = 'No CLI found that can be set.' }
    Write-Record 'note' '' '' $said
  }
  if ($run.Action -cne 'install') { return }
  foreach ($cli in $run.Clis) {
    if ($run.States[$cli] -ceq 'stale') {
      Write-Record 'note' $cli '' ($CLIS[$cli].Title + ': a background process still has the old token; to restart it: ' + $CLIS[$cli].Lasting.Restart)
    }
    if ($run.States[$cli] -ceq 'ok') { Write-Record 'note' $cli '' ($CLIS[$cli].Title + ' uses the token ' + $CLIS[$cli].When + '.') }
  }
  Write-Record 'note' '' '' 'To check: crossfade doctor, or this script with -Report.'
}
