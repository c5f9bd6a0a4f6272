# Get-FirstLine TEXT: up to the first LF; one CR before it goes too, since editors on Windows end lines with both.
function Get-FirstLine($text) {
  $end = $text.IndexOf("`n", [StringComparison]::Ordinal)
  if ($end -lt 0) { return $text }
  $line = $text.Substring(0, $end)
  if ($line.EndsWith("`r", [StringComparison]::Ordinal)) { $line = $line.Substring(0, $line.Length - 1) }
  return $line
}
