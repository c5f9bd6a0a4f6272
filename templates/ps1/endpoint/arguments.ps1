$FLAGS = 'install', 'report', 'uninstall', 'self-test', 'help', 'dry-run', 'records', 'host', 'no-host', 'prompts', 'no-prompts',
  'responses', 'no-responses', 'tools', 'no-tools'
$VALUES = 'clis', 'scope', 'users', 'endpoint', 'expect'

# Get-Words GIVEN: arguments as PowerShell has them, as words of this script: -DryRun is dry-run, -Endpoint URL is endpoint=URL,
# -Clis A,B is clis=A,B. What it does not know stays as it is.
function Get-Words($given) {
  $waiting = ''
  foreach ($each in $given) {
    $text = @($each) -join ','
    if ($waiting -cne '') {
      $waiting + '=' + $text
      $waiting = ''
      continue
    }
    $match = [regex]::Match($text, '\A--?([A-Za-z-]+)(:.*)?\z', 'Singleline')
    $name = $match.Groups[1].Value.Replace('-', '')
    $flag = @($FLAGS | Where-Object { $_.Replace('-', '') -eq $name })
    $value = @($VALUES | Where-Object { $_ -eq $name -or $_ -eq ($name + 's') })
    if ($name -ceq '') { $text }
    elseif ($flag.Count -gt 0 -and -not $match.Groups[2].Success) { $flag[0] }
    elseif ($value.Count -eq 0) { $text }
    elseif ($match.Groups[2].Length -gt 1) { $value[0] + '=' + $match.Groups[2].Value.Substring(1) }
    else { $waiting = $value[0] }
  }
  if ($waiting -cne '') { $waiting + '=' }
}
