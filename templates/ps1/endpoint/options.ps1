# Test-Feature NAME: whether it is on. Features holds those that are, and for each that is off its name with no- in front.
function Test-Feature($name) { $run.Features -ccontains $name }

# Switch-Feature WORD: turns a feature on, or with no- in front off.
function Switch-Feature($word) {
  $other = 'no-' + $word
  if ($word.StartsWith('no-', [StringComparison]::Ordinal)) { $other = $word.Substring(3) }
  $run.Features = @($run.Features | Where-Object { $_ -cne $other -and $_ -cne $word }) + $word
}

# Select-Action ACTION: only what this file has the parts for.
function Select-Action($word) {
  if ($ACTIONS -ccontains $word) { $run.Action = $word }
  else { $run.Complaint = 'this file cannot ' + $word + ', only: ' + ($ACTIONS -join ' ') }
}

function Read-Options {
  foreach ($given in $run.Options) {
    $word = [string]$given -creplace '^--', ''
    switch -CaseSensitive -Regex ($word) {
      '\A\z' { break }
      '\A(install|report|uninstall|self-test)\z' { Select-Action $word; break }
      '\A(h|-h|help)\z' { $run.WantsHelp = $true; break }
      '\Adry-run\z' { $run.DryRun = $true; break }
      '\Ascope=(system|user)\z' { $run.Scope = $word.Substring(6); break }
      '\Ausers=(all|self)\z' { $run.Accounts = $word.Substring(6); break }
      '\Aclis=' { $run.Clis = @($word.Substring(5).Split(',') | Where-Object { $_ -cne '' }); break }
      '\Aendpoint=' { $run.Endpoint = $word.Substring(9); break }
      '\Aexpect=' { $run.Expect = $word.Substring(7); break }
      '\A(helper|restart)\z' { $run.Complaint = 'this file has no parts for ' + $word; break }
      '\A(no-helper|no-restart|(no-)?(host|prompts|responses|tools))\z' { Switch-Feature $word; break }
      # Not quoted: it could be a token.
      default { $run.Complaint = 'an option this script does not know; see the top of it, or run it with --help' }
    }
  }
}

function Test-Options {
  foreach ($cli in $run.Clis) {
    if ($KNOWN -ccontains $cli) { $run.States[$cli] = 'absent' }
    else { $run.Complaint = 'clis= has an unknown CLI; known: ' + ($KNOWN -join ' ') }
  }
  if ($run.Complaint -cne '') { Stop-Run 2 $run.Complaint }
  if ($run.Clis.Count -eq 0) { Stop-Run 2 ('clis= names nothing; leave it out for all of: ' + ($KNOWN -join ' ')) }
  if ($run.Expect -cnotmatch '\A([0-9a-f]{12})?\z') { Stop-Run 2 'expect= is not a fingerprint of 12 hex digits' }
}
