# Who runs this. Wherever it matters an account is its SID: names are translated on some systems.
function Get-Self {
  $me = [System.Security.Principal.WindowsIdentity]::GetCurrent()
  $principal = New-Object System.Security.Principal.WindowsPrincipal($me)
  @{ Sid = $me.User.Value; IsAdmin = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator) }
}
