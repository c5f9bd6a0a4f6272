# Read-TokenPrompt: asks for the token, without showing it.
function Read-TokenPrompt {
  if ($run.DryRun) { return }
  try { $hidden = Read-Host -Prompt 'Token (not shown)' -AsSecureString } catch { $hidden = $null }
  if ($null -eq $hidden) { Stop-Run 11 ('no token, and nobody to ask for one: ' + $TOKEN_HINT) }
  $run.Token = (New-Object System.Net.NetworkCredential('', $hidden)).Password
}
