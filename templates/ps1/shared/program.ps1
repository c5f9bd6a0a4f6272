# Start-Program FILE ARGUMENTS INPUT: runs a program without a window; INPUT is what it gets on standard input, or null for nothing, as
# bytes and never as an argument. Returns code and output.
function Start-Program($file, $arguments, $text) {
  $start = New-Object System.Diagnostics.ProcessStartInfo($file, $arguments)
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  try { $process = [System.Diagnostics.Process]::Start($start) } catch { return @{ Code = -1; Output = ''; Errors = '' } }
  try {
    # At once, as it may fill one while the other is read.
    $errors = $process.StandardError.ReadToEndAsync()
    if ($null -ne $text) {
      $bytes = $LATIN1.GetBytes($text)
      $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
      $process.StandardInput.BaseStream.Flush()
    }
    $process.StandardInput.Close()
    $output = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    return @{ Code = $process.ExitCode; Output = $output; Errors = $errors.Result }
  } finally { $process.Dispose() }
}
