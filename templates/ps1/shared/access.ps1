# The access lists of what this script makes: of the machine, everybody may read; of one account, nobody else.
function Get-NewAccess($owner, $isFolder) {
  $flags = ''
  if ($isFolder) { $flags = 'OICI' }
  $admins = 'P(A;' + $flags + ';FA;;;SY)(A;' + $flags + ';FA;;;BA)'
  if ($owner -ceq '') { return $admins + '(A;' + $flags + ';0x1200a9;;;BU)' }
  return $admins + '(A;' + $flags + ';FA;;;' + $owner + ')'
}

# Set-Access PATH ACCESS: with the owner that it has.
function Set-Access($path, $access) {
  $parts = Read-Sddl (Get-Security $path)
  Set-Security $path ('O:' + $parts.Owner + 'G:' + $parts.Group + 'D:' + $access)
}

# Test-SameSecurity A B: whether owner and access list are the same; that an entry was inherited is told by a flag only. A has to be
# protected (P) where B is: else its folder hands on to it what it shall not have.
function Test-SameSecurity($a, $b) {
  $left = Read-Sddl $a
  $right = Read-Sddl $b
  $plain = { param($text) [regex]::Replace([regex]::Replace($text, '\A[^(]*', ''), '(?<=\([^;]*;[^;)]*)ID', '') }
  if ($right.Access.StartsWith('P', [StringComparison]::Ordinal) -and -not $left.Access.StartsWith('P', [StringComparison]::Ordinal)) { return $false }
  return ($left.Owner -ceq $right.Owner -and (& $plain $left.Access) -ceq (& $plain $right.Access))
}
