# Text from outside, without characters that control a terminal.
function Get-Plain($text) { [regex]::Replace([string]$text, '[^ -~]', '?') }

# Write-Line TEXT: a line of output. By .NET, since what a cmdlet gets can be in an event log.
function Write-Line($text) { [Console]::Out.WriteLine([string]$text) }

function Write-Problem($text) { [Console]::Error.WriteLine('error: ' + $text) }

# Get-Where RECORD: where an error was and of which kind. Not its text, which could quote what it was about.
function Get-Where($record) {
  $line = 0
  if ($null -ne $record.InvocationInfo) { $line = $record.InvocationInfo.ScriptLineNumber }
  return '(line ' + $line + ', ' + [string]$record.Exception.GetType() + ')'
}
