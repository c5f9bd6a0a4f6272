# Test-Editor: tries the editor on made-up texts: what it sets is there, a second time it changes nothing, and the undo gives back every byte.
function Test-Editor {
  $sample = 'self-test-0000000000000000'
  foreach ($cli in $run.Clis) {
    $format = $CLIS[$cli].User.Format
    foreach ($text in '', $SAMPLES[$format]) {
      $rows = @(Get-Plan $cli 'User' $sample)
      $first = Edit-Text 'set' $format $rows $text @()
      if ($first.Code -ne 0) { Stop-Run 1 ('self-test: ' + $cli + ' cannot be set') }
      if ((Get-LiveToken $cli $format $first.Text).Text -cne $sample) { Stop-Run 1 ('self-test: ' + $cli + ' has no token') }
      if ((Edit-Text 'set' $format $rows $first.Text $first.Record).Code -ne 1) { Stop-Run 1 ('self-test: ' + $cli + ' changes twice') }
      $back = Edit-Text 'undo' $format $first.Record $first.Text @()
      if ($back.Code -ne 0 -or -not (Test-Same $back.Text $text)) { Stop-Run 1 ('self-test: ' + $cli + ' is not restored to what it was') }
    }
    Set-State $cli 'ok'
  }
}

$SAMPLES = @{
  toml = "# mine`r`nmodel = `"m`"`r`n[x.`"a b`"] # theirs`r`nargs = [ 1,`r`n 2 ]"
  jsonc = "{`n`t// mine`n`t`"a`": [1.50, {`"b`": null}],`n`t`"c`": `"\u00e9`"`n}"
  json = "{`"a`": [1.50, {`"b`": null}],`n  `"env`": {`"X`": `"\u00e9`"}}`n`n"
}
