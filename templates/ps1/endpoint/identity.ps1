# What names this machine, as resource attributes. https://opentelemetry.io/docs/specs/semconv/resource/host/
function Get-Identity {
  $name = [regex]::Replace([Environment]::MachineName, '[^A-Za-z0-9._-]', '')
  $id = [regex]::Replace([string](Get-MachineId), '[^A-Za-z0-9._-]', '')
  if ($id -cne '') { return 'host.name=' + $name + ',host.id=' + $id }
  return 'host.name=' + $name
}
