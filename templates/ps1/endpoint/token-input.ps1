# Read-TokenInput: the token from standard input. Under -File it has been read already, into what is enumerated here.
function Read-TokenInput {
  $lines = @($feed)
  $text = ''
  if ($lines.Count -gt 0) { $text = [string]$lines[0] }
  elseif ([Console]::IsInputRedirected) { $text = [Console]::In.ReadToEnd() }
  # A pipe of Windows PowerShell begins with a byte order mark where its output encoding has one.
  if ($text.Length -gt 0 -and [int]$text[0] -eq 0xFEFF) { $text = $text.Substring(1) }
  $run.Token = Get-FirstLine $text
}
