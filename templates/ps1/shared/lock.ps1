# Enter-Lock PATH: one run at a time. The lock is a file that is open for this process alone, in a folder where no other account can make
# one; the system closes and removes it however the process ends. A named mutex could be taken by any account.
function Enter-Lock($path) {
  $options = [System.IO.FileOptions]::None
  if ($ON_WINDOWS) { $options = [System.IO.FileOptions]::DeleteOnClose }
  $until = [DateTime]::UtcNow.AddSeconds($PATIENCE)
  while ($true) {
    try {
      $run.Lock = New-Object System.IO.FileStream($path, [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite,
        [System.IO.FileShare]::None, 1, $options)
      return
    } catch {
      $code = Get-ErrorCode $_.Exception
      # 32: somebody has it open. 5: it is being removed at this moment, or it may not be made.
      if ($code -ne 32 -and $code -ne 5 -and $code -ne 11) { Stop-Run 12 ('no lock can be made at ' + (Get-Plain $path)) }
      if ([DateTime]::UtcNow -ge $until) {
        if ($code -eq 5) { Stop-Run 12 ('no lock can be made at ' + (Get-Plain $path)) }
        Stop-Run 11 'another run is at work'
      }
    }
    Start-Sleep -Milliseconds 250
  }
}

# Exit-Lock: lets the next run in.
function Exit-Lock {
  if ($null -ne $run.Lock) { $run.Lock.Dispose() }
  $run.Lock = $null
}
