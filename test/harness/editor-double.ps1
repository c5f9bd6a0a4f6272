function Invoke-Editor($mode, $format, $rows, $text, $before, $file) {
  $folder = [System.IO.Path]::GetTempPath() + [System.IO.Path]::GetRandomFileName()
  [void][System.IO.Directory]::CreateDirectory($folder)
  $put = { param($name, $value) [System.IO.File]::WriteAllText("$folder/$name", [string]$value, $LATIN1) }
  & $put 'plan' ((@($rows) -join "`n") + "`n")
  & $put 'old' $text
  if (@($before).Count -gt 0) { & $put 'before' ((@($before) -join "`n") + "`n") } else { & $put 'before' '' }
  $done = Start-Program '/bin/sh' ('-c "cd ' + $folder + ' && LC_ALL=C awk -v format=' + $format + ' -v mode=' + $mode + ' -v undo=undo -v before=before -v status=status -f ' + $env:CROSSFADE_TEST_EDITOR + ' - old <plan >new 2>reason"') $null
  $get = { param($name) if ([System.IO.File]::Exists("$folder/$name")) { [System.IO.File]::ReadAllText("$folder/$name", $LATIN1) } else { '' } }
  $lines = { param($value) @($value.Split("`n") | Where-Object { $_.Length -gt 0 }) }
  $new = & $get 'new'
  $answer = @{ Code = $done.Code; Text = $null; Lines = @(& $lines $new); Record = @(& $lines (& $get 'undo')); Messages = @(& $lines (& $get 'reason')) }
  if ($done.Code -eq 0) { $answer.Text = $new }
  [System.IO.Directory]::Delete($folder, $true)
  $answer
}
