# Compare-Target CLI LAYER TARGET: with what it should hold for the token that is in it.
function Compare-Target($cli, $layer, $target) {
  $about = $CLIS[$cli][$layer]
  $live = Get-LiveToken $cli $about.Format $target.Text
  if ($live.Code -gt 1) { Add-EditProblem $cli $target.Path $live.Answer; return }
  $print = ''
  if ($live.Text.Length -gt 0) {
    $print = Get-Fingerprint $live.Text
    Add-Token $print
  }
  $answer = Edit-Text 'same' $about.Format (Get-Plan $cli $layer $live.Text) $target.Text @()
  if ($answer.Code -gt 1) { Add-EditProblem $cli $target.Path $answer; return }
  $isExpected = $run.Expect -ceq '' -or $run.Expect -ceq $print
  if ($answer.Code -eq 1 -and $print -cne '' -and $isExpected) { Set-State $cli 'ok' } else { Set-State $cli 'drift' }
  Test-Open $cli $target.Path $about.Format $target.Text
}
