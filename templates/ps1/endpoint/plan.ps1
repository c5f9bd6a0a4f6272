# Get-Plan CLI LAYER TOKEN: what the file shall hold, as rows. TOKEN is one word of our alphabet.
function Get-Plan($cli, $layer, $text) {
  if ($CLIS[$cli][$layer].ContainsKey('LikeUser')) { Get-DemandRows $CLIS[$cli].User.Demands }
  Get-DemandRows $CLIS[$cli][$layer].Demands
  foreach ($row in $CLIS[$cli][$layer].Rows) {
    if ($row[0] -cne '' -and -not (Test-Feature $row[0])) { continue }
    if ($row[1] -ceq 'drop') { foreach ($pointer in $row[2].Split(' ')) { "drop`t" + $pointer }; continue }
    if ($row[1] -cne 'set') { $row[1..($row.Count - 1)] -join "`t"; continue }
    "set`t" + $row[2] + "`t" + $row[3] + "`t" + $row[4].Replace('{endpoint}', $run.Endpoint).Replace('{host}', $run.MachineName).Replace('{token}', $text)
  }
}

# Get-DemandRows DEMANDS: what values have to be, as rows.
function Get-DemandRows($demands) {
  foreach ($demand in $demands) {
    $verb, $pointers, $rest = $demand.Split(';')
    foreach ($pointer in $pointers.Split(' ')) { (@($verb, ('/' + $pointer)) + $rest) -join "`t" }
  }
}

# Edit-Text MODE FORMAT ROWS TEXT BEFORE: the editor; BEFORE is the record of the last change, for the mode set.
function Edit-Text($mode, $format, $rows, $text, $before) { Invoke-Editor $mode $format @($rows) $text @($before) }
