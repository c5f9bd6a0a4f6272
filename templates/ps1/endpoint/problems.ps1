# Add-EditProblem CLI PATH ANSWER: what the editor says of a file that it did not change.
function Add-EditProblem($cli, $path, $answer) {
  if ($answer.Code -ne 3) {
    Add-Trouble $cli $path ((Get-EditReason $answer) + '; file unchanged') 1
    return
  }
  Add-Trouble $cli $path ((Get-EditReason $answer) + '; file unchanged')
}

# Get-EditReason ANSWER: why the editor does not take a file.
function Get-EditReason($answer) {
  if ($answer.Code -ne 3) { return 'the editor failed (' + $answer.Code + '), which is a bug' }
  $said = ''
  if (@($answer.Messages).Count -gt 0) { $said = [string]@($answer.Messages)[0] }
  return Get-Plain ([regex]::Replace($said, '\Aedit: .*?:([0-9]*):([0-9]*): ', 'parse error at line $1, column $2: '))
}

function Add-WriteProblem($cli, $path, $code) {
  $reason = 'cannot be written; file unchanged'
  if ($code -eq 5) { $reason = 'is in use by another program; file unchanged' }
  if ($code -eq 6) { $reason = 'cannot keep or get the owner and access list that it shall have; look at it with icacls' }
  Add-Trouble $cli $path $reason 12
}
