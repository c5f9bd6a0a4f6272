# Get-Place NAME: one of the folders of this system. A 32-bit process has ProgramFiles of its own.
function Get-Place($name) {
  if ($name -ceq 'ProgramFiles') {
    if ($env:ProgramW6432) { return $env:ProgramW6432 }
    return $env:ProgramFiles
  }
  if ($env:ProgramData) { return $env:ProgramData }
  return [Environment]::GetFolderPath('CommonApplicationData')
}

# Get-OwnHome: of the account that runs this.
function Get-OwnHome {
  if ($env:USERPROFILE) { return $env:USERPROFILE }
  return [Environment]::GetFolderPath('UserProfile')
}

# Test-Machine: whether this script can work here.
function Test-Machine {
  if (-not $ON_WINDOWS) { Stop-Run 13 ('this script is for: ' + ($SYSTEMS -join ' ')) }
  $self = Get-Self
  $run.Self = $self.Sid
  $run.IsAdmin = $self.IsAdmin
  if (-not $run.IsAdmin) {
    if ($run.Scope -ceq 'system') { Stop-Run 2 'scope=system needs an administrator or SYSTEM; or run it with scope=user' }
    $run.Accounts = 'self'
  }
  foreach ($name in 'ProgramFiles', 'ProgramData') {
    $place = Get-Place $name
    if (-not $place) { Stop-Run 13 ('this system does not say where its folder ' + $name + ' is') }
    $run.Places[$name] = $place
  }
}

# Join-Place BASE PATH: a path of our tables, which have slashes, below a folder.
function Join-Place($base, $path) { $base.TrimEnd('\', '/') + $SEPARATOR + $path.Replace('/', $SEPARATOR) }

# Expand-Place PATH: a path of our tables that begins with %ProgramFiles% or %ProgramData%.
function Expand-Place($path) {
  $parts = $path.Split('%')
  Join-Place $run.Places[$parts[1]] $parts[2].TrimStart('/')
}
