# Get-Fingerprint TOKEN: the first 12 hex digits of SHA-256 over a token. It goes to the cmdlet as a stream: of what stands in a
# parameter, an event log could have a copy. The buffer is larger than any token, as nobody reads while it is written.
function Get-Fingerprint($text) {
  $bytes = $LATIN1.GetBytes($text)
  $writer = New-Object System.IO.Pipes.AnonymousPipeServerStream(
    [System.IO.Pipes.PipeDirection]::Out, [System.IO.HandleInheritability]::None, 8192)
  $reader = New-Object System.IO.Pipes.AnonymousPipeClientStream([System.IO.Pipes.PipeDirection]::In, $writer.ClientSafePipeHandle)
  try {
    $writer.Write($bytes, 0, $bytes.Length)
    $writer.Dispose()
    return (Get-FileHash -Algorithm SHA256 -InputStream $reader).Hash.Substring(0, 12).ToLowerInvariant()
  } finally {
    $writer.Dispose()
    $reader.Dispose()
  }
}
