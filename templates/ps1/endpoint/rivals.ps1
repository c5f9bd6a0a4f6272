# Windows takes names of variables in any letter case.
$ANY_CASE = [System.Text.RegularExpressions.RegexOptions]'IgnoreCase, CultureInvariant'
# What stands before and after the name of a variable in a .env file; bytes above 127 are taken for white space, of which Unicode has much.
$BEFORE_NAME = '(?:\A|[\r\n]|\xe2\x80[\xa8\xa9])[\s\x80-\xff]*(?:export[\s\x80-\xff]+)?(?:'
$AFTER_NAME = ')[\s\x80-\xff]*[=:]'
$RIVALS = 'changes what our file sets, so what is sent is not known; remove its telemetry settings'

# Test-Rivals CLI LAYER PERSON IN IS_OURS: whether another file that the CLI reads for this account leaves open what comes of our file at
# that layer; each is said. IN are the layers that matter for the account, IS_OURS whether this script writes the file of the machine.
function Test-Rivals($cli, $layer, $person, $in, $isOurs) {
  $found = $false
  $run.Variants = @()
  if ($run.Action -ceq 'uninstall') { return $false }
  if ($layer -ceq 'User') {
    $file = Get-UserFile $cli $person
    try { $other = Find-Diverting $cli $file } catch {
      Add-Trouble $cli (Get-Folder $file) 'cannot be read'
      return $true
    }
    if ($other) {
      Add-Overriding $cli $other
      return $true
    }
  }
  $own = Expand-Place $CLIS[$cli].System.File
  foreach ($rule in $CLIS[$cli][$layer].Rivals) {
    foreach ($file in $rule.Files) {
      # Where the file of the machine counts, its own rivals are looked at, and not what it overrides.
      if ($layer -ceq 'User' -and $in.System -and $file[0].StartsWith('%', [StringComparison]::Ordinal)) { continue }
      $at = Get-RivalPlace $cli $person $file[0]
      try { $paths = @(Find-Rivals $at) } catch {
        Add-Trouble $cli (Get-Folder $at.Path) 'cannot be read'
        $found = $true
        continue
      }
      foreach ($path in $paths) {
        if ($isOurs -and $path -eq $own) { continue }
        try { $why = Get-RivalReason $cli $layer $rule $file $path $at.Top } catch { $why = 'cannot be looked at ' + (Get-Where $_) }
        if ($why -ceq '') { continue }
        Add-Trouble $cli $path $why
        $found = $true
      }
    }
  }
  if ($layer -ceq 'User') { if (Test-PolicyRival $cli $person $in) { $found = $true } }
  elseif (Test-MovedRival $cli $person) { $found = $true }
  return $found
}

# Add-Overriding CLI OTHER: a file that goes before ours, for all that is set there.
function Add-Overriding($cli, $other) {
  $why = 'overrides our file and could take the token elsewhere; remove its telemetry settings'
  if ((Get-Kind $other) -ceq 'link') { $why = Get-Reason 'link' }
  Add-Trouble $cli $other $why
}

# Get-RivalPlace CLI PERSON PATH: a path of our tables, and the folder above which nothing is looked at.
function Get-RivalPlace($cli, $person, $path) {
  if ($path.StartsWith('%', [StringComparison]::Ordinal)) { return @{ Path = (Expand-Place $path); Top = $run.Places[$path.Split('%')[1]] } }
  $top = $person.Home
  if ($path.StartsWith('~/', [StringComparison]::Ordinal)) { return @{ Path = (Join-Place $top $path.Substring(2)); Top = $top } }
  $folder = Get-Folder (Get-UserFile $cli $person)
  if (-not $folder.StartsWith($top + $SEPARATOR, [StringComparison]::OrdinalIgnoreCase)) { $top = [System.IO.Path]::GetPathRoot($folder) }
  @{ Path = (Join-Place $folder $path.Substring('{folder}/'.Length)); Top = $top }
}

# Find-Rivals AT: the paths that it stands for; a star is for a part of the last name. A folder that cannot be looked at stands for all in it.
function Find-Rivals($at) {
  $name = [System.IO.Path]::GetFileName($at.Path)
  if (-not $name.Contains('*')) { return $at.Path }
  $folder = Get-Folder $at.Path
  $kind = Get-Kind $folder
  if ($kind -ceq 'absent' -or $kind -ceq 'file') { return }
  if ($kind -cne 'folder' -or (Read-Folders $at.Path $at.Top).Why -cne '') { return $folder }
  [System.IO.Directory]::GetFileSystemEntries($folder, $name)
}

# Get-RivalReason: why a file leaves open what is sent, or nothing. What cannot be looked at could be anything.
function Get-RivalReason($cli, $layer, $rule, $file, $path, $top) {
  $folders = Read-Folders $path $top
  if ($folders.Why -cne '') { return Get-Reason $folders.Why }
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') { return '' }
  if ($kind -ceq 'link' -or $kind -ceq 'unreadable') { return Get-Reason $kind }
  if ($kind -cne 'file' -or (Test-Reserved $path)) { return Get-Reason 'kind' }
  $target = @{ Path = $path; State = 'ok'; Text = '' }
  Read-TargetText $target
  if ($target.State -cne 'ok') { return Get-Reason $target.State }
  $words = @($rule.Words)
  if ($words.Count -gt 0 -and $words[0].StartsWith('=', [StringComparison]::Ordinal)) {
    if ([regex]::IsMatch($target.Text, $words[0].Substring(1), $ANY_CASE)) { return $RIVALS }
    $words = @($words | Select-Object -Skip 1)
  }
  if ($file[2] -cne '' -and -not [regex]::IsMatch($target.Text, $file[2], $ANY_CASE)) { return '' }
  if ($file[1] -ceq 'dotenv') {
    foreach ($name in $words) { if ([regex]::IsMatch($target.Text, $BEFORE_NAME + $name + $AFTER_NAME, $ANY_CASE)) { return $RIVALS } }
    return ''
  }
  $rows = @(foreach ($word in $words) { "drop`t" + $word })
  if ($rule.HasKinds) { $rows += @(Get-DemandRows ($CLIS[$cli].User.Demands + $CLIS[$cli].Elsewhere)) }
  $answer = Edit-Text 'same' $file[1] $rows $target.Text @()
  if ($answer.Code -eq 0 -or ($answer.Code -eq 1 -and (Test-OtherCase $target.Text $words))) { return $RIVALS }
  if ($answer.Code -eq 1 -and $rule.HasKinds) {
    Test-Open $cli $path $file[1] $target.Text
    return Get-MixedReason $rows $target.Text
  }
  if ($answer.Code -eq 1) { return '' }
  return Get-EditReason $answer
}

# Test-Open CLI PATH FORMAT TEXT: whether the file has a value that leaves open what comes of ours.
function Test-Open($cli, $path, $format, $text) {
  if ($CLIS[$cli].Open.Count -eq 0) { return }
  $answer = Edit-Text 'same' $format @(Get-DemandRows $CLIS[$cli].Open) $text @()
  if ($answer.Code -ne 3) { return }
  [Console]::Error.WriteLine('unknown: ' + (Get-Plain $path) + ': ' + (Get-EditReason $answer).Replace('parse error ', '') + ', or it may not start; crossfade doctor there may know more')
  Set-State $cli 'unknown'
}

# Get-MixedReason ROWS TEXT: tables of several files are merged, and with two variants of one setting the CLI does not start.
function Get-MixedReason($rows, $text) {
  $all = @(foreach ($row in $rows) { if ($row.StartsWith("form`t", [StringComparison]::Ordinal)) { foreach ($variant in $row.Split("`t")[3].Split(' ')) { $variant.Split(':')[0] } } })
  $now = @(foreach ($variant in $all) { if ($text.Contains($variant)) { $variant } })
  foreach ($variant in $now) {
    if ($run.Variants.Count -gt 0 -and $run.Variants -cnotcontains $variant) { return 'and another file of the CLI have ' + $variant + ' and something else, and what they say together is not known' }
  }
  $run.Variants += $now
  return ''
}

# Test-OtherCase TEXT POINTERS: whether a file has one of the variables below /env in other letters, which the editor takes for another.
function Test-OtherCase($text, $pointers) {
  $names = @(foreach ($pointer in $pointers) { if ($pointer.StartsWith('/env/', [StringComparison]::Ordinal)) { $pointer.Substring(5) } })
  if ($names.Count -eq 0) { return $false }
  $plain = [regex]::Replace($text, '\\u00([0-7][0-9A-Fa-f])', { param($match) [string][char][Convert]::ToInt32($match.Groups[1].Value, 16) })
  foreach ($match in [regex]::Matches($plain, '"(' + ($names -join '|') + ')"', $ANY_CASE)) {
    if ($names -cnotcontains $match.Groups[1].Value) { return $true }
  }
  return $false
}

# Test-PolicyRival CLI PERSON IN: whether a policy in the registry overrides the file of a user; that of the account shows while it is signed in.
function Test-PolicyRival($cli, $person, $in) {
  $merged = $CLIS[$cli].System.Merged
  if ($null -eq $merged -or $in.System) { return $false }
  foreach ($sid in '', $person.Sid) {
    $policy = Get-Policy $merged.Policy $sid
    if ($policy.Length -eq 0 -or ($policy -cne ' ' -and -not [regex]::IsMatch($policy, $merged.Override, $ANY_CASE))) { continue }
    $hive = 'HKLM\'
    if ($sid -cne '') { $hive = 'HKU\' + $sid + '\' }
    Add-Trouble $cli ($hive + $merged.Policy[0]) $RIVALS
    return $true
  }
  return $false
}

# Test-MovedRival CLI PERSON: whether the files of the account, which stand beside that of the machine, are where this script does not look.
function Test-MovedRival($cli, $person) {
  $inFolder = @(foreach ($rule in $CLIS[$cli].System.Rivals) { foreach ($file in $rule.Files) { if ($file[0].StartsWith('{', [StringComparison]::Ordinal)) { $file[0] } } })
  if ($inFolder.Count -eq 0) { return $false }
  $variable = Find-Moved $cli $person
  if (-not $variable) { return $false }
  Add-Trouble $cli (Get-UserFile $cli $person) ('is not what this account uses: its variable ' + $variable + ' names another folder')
  return $true
}
