function Enter-Run {
  if ($run.IsAdmin) { Enter-Lock (Join-Place $run.Places['ProgramFiles'] 'otel-crossfade.lock') }
  else { Enter-Lock (Join-Place (Get-OwnHome) '.otel-crossfade.lock') }
}
