# Write-Record KIND CLI FILE TEXT: a line for a person; with the option records all four fields, for a program.
function Write-Record($kind, $cli, $file, $text) {
  if ($run.Records) { Write-Line (@($kind, $cli, $file, $text) -join "`t") } else { Write-Line $text }
}

# Exit-Run CODE: the end of the work, from however deep. Not by exit, which would end the session of whoever runs this as text.
function Exit-Run($code) {
  $run.Code = $code
  break crossfade
}
