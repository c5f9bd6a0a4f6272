# Puts a new Torii token in place for OpenTelemetry Collector Contrib 0.159.0 as a Windows service,
# has it used, and proves that exports succeed with it and not with the old one. When they do not, the token from before is put back.
#
# Made by otel-crossfade 0.0.0. To change it, make it again: crossfade collector --platform windows --rotate-script
# It was tried with PowerShell 7 on Linux and under Wine, not on a real Windows and not with Windows PowerShell 5.1, for which it is written.
#
# Usage: powershell -NoProfile -File rotate-torii.ps1 [options] [--from FILE]
#   The new token comes from FILE, from the file that CROSSFADE_TOKEN_FILE names, from standard input, or from a hidden question. It is
#   never an argument.
#   --from FILE         read the new token from this file
#   --dry-run           check the token and the collector, change nothing
#   --despite-queue     change the token although data waits in the collector's queues and the change loses it
#   --no-precheck       do not ask Torii beforehand whether it accepts the token
#   --wait SECONDS      how long to wait for exports (default 120)
#   --token-file FILE   where the collector reads the token
#   --owner ACCOUNT     who may read that file besides administrators, by name or SID (default: as it is now, else OWNER below)
#   --metrics URL       the collector's own metrics
#   --pid PID           the collector's process on this machine, not in a container (default: see FIND_PID below; 0 for none)
#   --logs COMMAND      prints what it has logged since $SINCE, in seconds since 1970 (default: see LOGS below)
#   --counters URL      a page that counts what this collector sends by the token's fingerprint: of crossfade tap, or of a gateway
#   --validate COMMAND  run before the change is applied (default: see VALIDATE below; "" for none)
#   --apply COMMAND     run after the file changed (default: see APPLY below; "" for a collector that watches the file)
#   Commands are lines of PowerShell. They run in a session of their own and fail by an error or by a program's exit code.
#
# What proves it: while both tokens are accepted, exports that succeed say nothing about the token. So either the page at --counters
# counts the new token and no longer the old one; or the collector is a process of this machine, the new token is in its file,
# and it logged 'Everything is ready' after the change. Whether its account may read the file is looked up in the access list, not tried.
#
# Until that is seen the old token is kept in the same folder, as NAME.crossfade-trial. A run that is interrupted puts it back, at once
# or, after it was killed, when this is run the next time. When a run ends without a proof it is kept as NAME.crossfade-kept: run this
# again with the same new token to prove it, or with --from and that file to go back.
#
# Exit codes: 0 done and proven; 2 usage; 3 the new token was rejected, the old one is in place; 6 no answer from the
# metrics; 9 in place, but nothing was exported meanwhile, so nothing is proven; 11 refused, the old token is in place, or
# what another program put there meanwhile; 12 the file could not be written, nothing changed; 13 this system cannot run it; 14 replaced,
# not proven: exports go on, and nothing tells with which token; 130 interrupted, the old token is in place.

Set-PSDebug -Off
(& {
# PowerShell reads all of a file before it runs any of it, and all of this is one statement: of a file that was cut off nothing runs.
if ([string]$ExecutionContext.SessionState.LanguageMode -cne 'FullLanguage') {
  'error: PowerShell is restricted here (by a policy for this machine), and does not run what this script needs'
  exit 13
}
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$feed = $args[0]
$given = @($args[1])

# ---- Settings ----

$OWNER = 'LocalSystem'
$SERVICE = 'otelcol-contrib'
$CONFIG = 'C:\Program Files\OpenTelemetry Collector\config.yaml'
$EXPORTER = 'exporter="otlp_http/torii"'
$PROBE_URL = 'https://ai-events.toriihq.com/v1/logs'
$HEADER = 'Authorization'
$SCHEME = 'Bearer'
$VALIDATE = ''
$APPLY = 'Restart-Service otelcol-contrib'
$FIND_PID = '(Get-CimInstance -ClassName Win32_Service -Filter ''Name=''''otelcol-contrib'''''').ProcessId'
$LOGS = 'Get-WinEvent -LogName Application -FilterXPath "*[System[Provider[@Name=''otelcol-contrib''] and TimeCreated[@SystemTime>=''$([DateTimeOffset]::FromUnixTimeSeconds($SINCE).UtcDateTime.ToString(''o''))'']]]" -ErrorAction SilentlyContinue | ForEach-Object { $_.ToXml() }'
# What tells that the collector has read the token anew: when it watches the file, and when it has started.
$SIGNS = @{
  Watched = @{ Kind = 'log'; Text = 'refresh token'; Label = 'torii.token'; How = 'it logged ''refresh token''' }
  Started = @{ Kind = 'log'; Text = 'Everything is ready'; Label = ''; How = 'it logged ''Everything is ready''' }
}
# What loses the data that waits in our exporter's queue; empty if nothing does.
$QUEUE = 'a restart tries what is in the queue once more and then drops it'
# Not empty if this release counts only what was not tried yet, so that an empty queue does not show that nothing waits.
$UNSEEN = ''
# The longest pause between two tries of a request, in seconds.
$PAUSE = 45
$PROVIDER = 'Torii'

$run = @{
  TokenFile = 'C:\ProgramData\crossfade\torii.token'; Metrics = 'http://127.0.0.1:8888/metrics'; Validate = $VALIDATE; Apply = $APPLY; Logs = $LOGS
  OwnerWish = ''; Process = ''; Counters = ''; From = ''; Wait = '120'; DryRun = $false; DespiteQueue = $false; NoPrecheck = $false
  Self = ''; IsAdmin = $false; Lock = $null; MayWrite = $false; Repaired = $true; Finished = $false
  Token = ''; Fresh = ''; Old = ''; OldText = ''; OldPrint = ''; Trying = $false; Foreign = ''; Was = ''; Written = [long]0; Since = [long]0
  Reader = ''; Page = ''; Failed = [double]0; Refused = [double]0; Counted = ''; NewCounted = [double]0; TakenBefore = $null; Changed = [long]0
}
$LONGEST_TOKEN = 4096
$LARGEST = 65536
$LARGEST_PAGE = 67108864
$PATIENCE = 0
$LOCK_WAIT = 5000
$LATIN1 = [System.Text.Encoding]::GetEncoding(28591)
$SEPARATOR = [string][System.IO.Path]::DirectorySeparatorChar
$ON_WINDOWS = $SEPARATOR -ceq '\'
$ABSENT = New-Object object
$SCRIPT_PATH = $PSCommandPath

# ---- Output and options ----

# Text from outside, without characters that control a terminal.
function Get-Plain($text) { [regex]::Replace([string]$text, '[^ -~]', '?') }

# Write-Line TEXT: a line of output. By .NET, since what a cmdlet gets can be in an event log.
function Write-Line($text) { [Console]::Out.WriteLine([string]$text) }

function Write-Problem($text) { [Console]::Error.WriteLine('error: ' + $text) }

# Get-Where RECORD: where an error was and of which kind. Not its text, which could quote what it was about.
function Get-Where($record) {
  $line = 0
  if ($null -ne $record.InvocationInfo) { $line = $record.InvocationInfo.ScriptLineNumber }
  return '(line ' + $line + ', ' + [string]$record.Exception.GetType() + ')'
}

function Write-Caution($text) { [Console]::Error.WriteLine('warning: ' + $text) }

# Stop-Run CODE WHAT FIX: what is wrong, what to do, and the end.
function Stop-Run($code, $what, $fix = 'wait, and run this again; see the top of this script') {
  Write-Problem $what
  [Console]::Error.WriteLine('  fix      ' + $fix)
  $run.Finished = $true
  exit $code
}

# Show-Help: the top of this file.
function Show-Help {
  if (-not $SCRIPT_PATH) {
    Write-Line 'The options and exit codes are described at the top of this script.'
    return
  }
  foreach ($line in [System.IO.File]::ReadAllLines($SCRIPT_PATH)) {
    if ($line -cnotmatch '\A#') { break }
    Write-Line ($line -creplace '\A# ?', '')
  }
}

# Options with a value, and those without one: where they go.
$VALUES = @{
  '--from' = 'From'; '--wait' = 'Wait'; '--token-file' = 'TokenFile'; '--owner' = 'OwnerWish'; '--metrics' = 'Metrics'; '--pid' = 'Process'
  '--logs' = 'Logs'; '--counters' = 'Counters'; '--validate' = 'Validate'; '--apply' = 'Apply'
}
$SWITCHES = @{ '--dry-run' = 'DryRun'; '--despite-queue' = 'DespiteQueue'; '--no-precheck' = 'NoPrecheck' }

function Read-Arguments {
  for ($i = 0; $i -lt $given.Count; $i++) {
    $word = [string]$given[$i]
    if (@($VALUES.Keys) -ccontains $word) {
      if ($i + 1 -ge $given.Count) { Stop-Run 2 ($word + ' needs a value') 'see the top of this script' }
      $i++
      $run[$VALUES[$word]] = [string]$given[$i]
    } elseif (@($SWITCHES.Keys) -ccontains $word) { $run[$SWITCHES[$word]] = $true }
    elseif ($word -ceq '-h' -or $word -ceq '--help') {
      Show-Help
      $run.Finished = $true
      exit 0
    } else {
      # Not quoted: it could be a token.
      Stop-Run 2 'an argument this script does not know' 'the token comes from --from FILE or standard input; see --help'
    }
  }
  if ($run.Wait -cnotmatch '\A[0-9]{1,6}\z') { Stop-Run 2 '--wait is not a number of seconds' 'write it like 120' }
  if ($run.Process -cnotmatch '\A[0-9]{0,9}\z') { Stop-Run 2 '--pid is not the number of a process' 'write it like 4321' }
  foreach ($url in $run.Metrics, $run.Counters) {
    if ($url -cne '' -and $url -cnotmatch '\Ahttps?://') { Stop-Run 2 'a page of counters does not begin with http://' 'see --metrics and --counters' }
  }
  $run.Wait = [int]$run.Wait
  $run.MayWrite = -not $run.DryRun
  $run.TokenFile = Get-FullPath $run.TokenFile
  if ($run.From -cne '') { $run.From = Get-FullPath $run.From }
}

# Get-FullPath PATH: from the folder of this session, which need not be that of the process.
function Get-FullPath($path) {
  try {
    if (-not [System.IO.Path]::IsPathRooted($path)) { $path = [System.IO.Path]::Combine((Get-Location).ProviderPath, $path) }
    return [System.IO.Path]::GetFullPath($path)
  } catch { Stop-Run 2 ((Get-Plain $path) + ' is not the path of a file') 'see --token-file and --from' }
}

# ---- The machine ----

# Test-Machine: whether this script can work here.
function Test-Machine {
  if (-not $ON_WINDOWS) { Stop-Run 13 'this script is for Windows' 'use rotate-NAME.sh, which crossfade collector makes for other platforms' }
  $self = Get-Self
  $run.Self = $self.Sid
  $run.IsAdmin = $self.IsAdmin
}

# Get-Seconds: since 1970.
function Get-Seconds { [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() }

# Invoke-Lines COMMAND: runs lines of PowerShell in a session of their own, which has nothing of this one but $SINCE. Returns whether they
# ran to their end, what they printed, and why they did not.
function Invoke-Lines($command) {
  $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
  try {
    $before = '$ErrorActionPreference = ''Stop''; $ProgressPreference = ''SilentlyContinue''; $SINCE = ' + $run.Since + '; '
    # An exit in them is no error, but then this last line is missing.
    $after = "`n" + 'if ($LASTEXITCODE) { throw (''a program ended with exit code '' + $LASTEXITCODE) }' + "`n" + '''+end+'''
    [void]$shell.AddScript($before + $command + $after)
    $lines = @(foreach ($one in $shell.Invoke()) { [string]$one })
    $last = $lines.Count - 1
    if ($last -lt 0 -or $lines[$last] -cne '+end+') { return @{ Done = $false; Lines = $lines; Why = 'the command ended by itself' } }
    return @{ Done = $true; Lines = @($lines | Select-Object -First $last); Why = '' }
  } catch {
    $inner = $_.Exception
    while ($null -ne $inner.InnerException) { $inner = $inner.InnerException }
    return @{ Done = $false; Lines = @(); Why = $inner.Message }
  } finally { $shell.Dispose() }
}

# Get-Shown TEXT OTHER: what a command said, as it can be shown: without the tokens that are known here, and OTHER.
function Get-Shown($text, $other) {
  foreach ($one in $run.Token, $run.Old, $other) {
    if (([string]$one).Length -ge 8) { $text = ([string]$text).Replace($one, '[token]') }
  }
  return Get-Plain $text
}

# Set-Change OTHER: makes the collector use what is in the file now. Returns whether it did. OTHER is a token that is not to be shown, besides those of this run.
function Set-Change($other) {
  foreach ($command in $run.Validate, $run.Apply) {
    if ($command -ceq '') { continue }
    $end = Invoke-Lines $command
    foreach ($line in $end.Lines) { [Console]::Error.WriteLine((Get-Shown $line $other)) }
    if (-not $end.Done) {
      Write-Problem (Get-Shown $end.Why $other)
      return $false
    }
  }
  return $true
}

# Who runs this. Wherever it matters an account is its SID: names are translated on some systems.
function Get-Self {
  $me = [System.Security.Principal.WindowsIdentity]::GetCurrent()
  $principal = New-Object System.Security.Principal.WindowsPrincipal($me)
  @{ Sid = $me.User.Value; IsAdmin = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator) }
}

# Start-Program FILE ARGUMENTS INPUT: runs a program without a window; INPUT is what it gets on standard input, or null for nothing, as
# bytes and never as an argument. Returns code and output.
function Start-Program($file, $arguments, $text) {
  $start = New-Object System.Diagnostics.ProcessStartInfo($file, $arguments)
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  try { $process = [System.Diagnostics.Process]::Start($start) } catch { return @{ Code = -1; Output = ''; Errors = '' } }
  try {
    # At once, as it may fill one while the other is read.
    $errors = $process.StandardError.ReadToEndAsync()
    if ($null -ne $text) {
      $bytes = $LATIN1.GetBytes($text)
      $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
      $process.StandardInput.BaseStream.Flush()
    }
    $process.StandardInput.Close()
    $output = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    return @{ Code = $process.ExitCode; Output = $output; Errors = $errors.Result }
  } finally { $process.Dispose() }
}

# ---- Files ----

# Get-ErrorCode EXCEPTION: the number of the system's error inside it; 0 if it has none.
function Get-ErrorCode($exception) {
  while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
  if ($exception -is [System.IO.IOException]) { return $exception.HResult -band 0xFFFF }
  if ($exception -is [System.UnauthorizedAccessException]) { return 5 }
  return 0
}

# Get-Security PATH: owner, group and access list of a file or folder, as SDDL. All three: one that was read by its owner alone and is
# written back can open the file for everybody.
function Get-Security($path) {
  $kind = 'System.Security.AccessControl.FileSecurity'
  if ([System.IO.Directory]::Exists($path)) { $kind = 'System.Security.AccessControl.DirectorySecurity' }
  $security = New-Object $kind($path, [System.Security.AccessControl.AccessControlSections]'Access, Owner, Group')
  return $security.GetSecurityDescriptorSddlForm('Access, Owner, Group')
}

# Set-Security PATH SDDL: the same, written.
function Set-Security($path, $sddl) {
  $kind = 'System.Security.AccessControl.FileSecurity'
  if ([System.IO.Directory]::Exists($path)) { $kind = 'System.Security.AccessControl.DirectorySecurity' }
  $security = New-Object $kind
  $security.SetSecurityDescriptorSddlForm($sddl)
  Set-Acl -LiteralPath $path -AclObject $security
}

# Get-Owner PATH: as a SID. SDDL has letters for some, as LA for the machine's Administrator.
function Get-Owner($path) {
  $owner = (Read-Sddl (Get-Security $path)).Owner
  if ($owner.Length -eq 2) { return Resolve-Sid $owner }
  return $owner
}
function Resolve-Sid($letters) { (New-Object System.Security.Principal.SecurityIdentifier($letters)).Value }

# Set-Owner PATH SID: by the program of the system where the cmdlet may not, as it may not give a file away.
function Set-Owner($path, $sid) {
  if ((Get-Owner $path) -ceq $sid) { return }
  $parts = Read-Sddl (Get-Security $path)
  try { Set-Security $path ('O:' + $sid + 'G:' + $parts.Group + 'D:' + $parts.Access) } catch { $parts.Failed = $true }
  if ((Get-Owner $path) -ceq $sid) { return }
  [void](Start-Program ([Environment]::GetFolderPath('System') + '\icacls.exe') ('"' + $path + '" /setowner *' + $sid + ' /q') $null)
}

# Read-Sddl SDDL: its owner, group and access list, each as text; well-known accounts as SIDs in the two first.
function Read-Sddl($sddl) {
  $match = [regex]::Match($sddl, '\A(?:O:(?<o>S-[0-9-]+|[A-Z]{2}))?(?:G:(?<g>S-[0-9-]+|[A-Z]{2}))?(?:D:(?<d>[^S]*?(?:\(.*?\))*))?(?:S:.*)?\z')
  @{ Owner = (Get-Sid $match.Groups['o'].Value); Group = (Get-Sid $match.Groups['g'].Value); Access = $match.Groups['d'].Value; Failed = $false }
}

# https://learn.microsoft.com/windows/win32/secauthz/sid-strings
$NAMED = @{ SY = 'S-1-5-18'; BA = 'S-1-5-32-544'; BU = 'S-1-5-32-545'; WD = 'S-1-1-0'; AU = 'S-1-5-11'; CO = 'S-1-3-0'; OW = 'S-1-3-4' }
function Get-Sid($name) { if ($NAMED.ContainsKey($name)) { $NAMED[$name] } else { $name } }

# Whoever may change the machine's files anyway: SYSTEM, administrators of the machine and its domain, the installer of Windows.
$ADMINS = 'S-1-5-18', 'S-1-5-32-544', 'LA', 'DA', 'EA', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'

# What an access right's letters stand for: https://learn.microsoft.com/windows/win32/secauthz/ace-strings
$RIGHT_NAMES = @{
  GA = 0x10000000; GX = 0x20000000; GW = 0x40000000; RC = 0x20000; SD = 0x10000; WD = 0x40000; WO = 0x80000
  CC = 0x1; DC = 0x2; LC = 0x4; SW = 0x8; RP = 0x10; WP = 0x20; DT = 0x40; LO = 0x80; CR = 0x100
  FA = 0x1F01FF; FR = 0x120089; FW = 0x120116; FX = 0x1200A0; GR = 0x120089
}

# Get-Mask RIGHTS: as a number; all of them for letters that are not in the table.
function Get-Mask($text) {
  $mask = [long]0
  if ($text -cmatch '\A0x[0-9A-Fa-f]{1,8}\z') {
    [void][long]::TryParse($text.Substring(2), [System.Globalization.NumberStyles]::AllowHexSpecifier,
      [System.Globalization.CultureInfo]::InvariantCulture, [ref]$mask)
    return $mask
  }
  foreach ($match in [regex]::Matches($text, '..?')) {
    if (-not $RIGHT_NAMES.ContainsKey($match.Value)) { return [long]0x7FFFFFFF }
    $mask = $mask -bor $RIGHT_NAMES[$match.Value]
  }
  return $mask
}

# Test-Granted SDDL RIGHTS TRUSTED: whether anybody but the trusted gets one of these rights on the object itself, or owns it. An object
# without an access list is everybody's.
function Test-Granted($sddl, $rights, $trusted) {
  $parts = Read-Sddl $sddl
  if (-not ($trusted -ccontains $parts.Owner)) { return $true }
  $entries = [regex]::Matches($parts.Access, '\((?<t>[^;]*);(?<f>[^;]*);(?<r>[^;]*);[^;]*;[^;]*;(?<s>[^;)]*)')
  if ($entries.Count -eq 0 -and -not $parts.Access.Contains('P')) { return $true }
  foreach ($entry in $entries) {
    $who = Get-Sid $entry.Groups['s'].Value
    # Not an entry that only hands on rights to what is made below, nor a denial; S-1-3-4 is the owner.
    if ($entry.Groups['f'].Value -cmatch '\A(..)*IO' -or $entry.Groups['t'].Value -cmatch '\A(XD|O?D)\z') { continue }
    if ($who -ceq 'S-1-3-4' -or $trusted -ccontains $who) { continue }
    if (((Get-Mask $entry.Groups['r'].Value) -band $rights) -ne 0) { return $true }
  }
  return $false
}

# Rights to write or replace a file; to replace what is in a folder, without that of adding to it, which everybody has in ProgramData;
# and to read, or to get there by the access list or as its owner.
$MAY_WRITE = [long]0x500D0116
$MAY_REPLACE = [long]0x500D0040
$MAY_READ = [long]2416705537

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

# Read-Bytes PATH LIMIT: the bytes of a file as text, one character each; null if there are more than the limit. Others may have it open.
function Read-Bytes($path, $limit) {
  $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
  $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)
  try {
    if ($stream.Length -gt $limit) { return $null }
    $bytes = New-Object byte[] ([int]$stream.Length)
    $count = 0
    while ($count -lt $bytes.Length) {
      $more = $stream.Read($bytes, $count, $bytes.Length - $count)
      if ($more -eq 0) { break }
      $count += $more
    }
    return $LATIN1.GetString($bytes, 0, $count)
  } finally { $stream.Dispose() }
}

# Get-Flags PATH: its attributes. Nothing is followed.
function Get-Flags($path) { [int][System.IO.File]::GetAttributes($path) }

# Get-Kind PATH: absent, file, folder, link (also what a cloud drive has not fetched), device, or unreadable. Nothing is followed.
function Get-Kind($path) {
  try { $flags = Get-Flags $path } catch {
    $code = Get-ErrorCode $_.Exception
    if ($code -eq 2 -or $code -eq 3) { return 'absent' }
    return 'unreadable'
  }
  # ReparsePoint; Offline, RecallOnOpen and RecallOnDataAccess.
  if (($flags -band 0x441400) -ne 0) { return 'link' }
  if (($flags -band 0x40) -ne 0) { return 'device' }
  if (($flags -band 0x10) -ne 0) { return 'folder' }
  return 'file'
}

# Test-Same A B: whether two texts are the same, byte for byte; -ceq ignores characters that cannot be seen.
function Test-Same($a, $b) { [string]::Equals($a, $b, [StringComparison]::Ordinal) }

# Get-Folder PATH
function Get-Folder($path) { [System.IO.Path]::GetDirectoryName($path) }

# Read-Folders PATH TOP: how many folders that lead to the file are missing below TOP, and why they cannot be used, if they cannot.
function Read-Folders($path, $top) {
  $missing = 0
  $why = ''
  $folder = Get-Folder $path
  while ($folder.Length -gt $top.Length) {
    $kind = Get-Kind $folder
    if ($kind -ceq 'absent') { $missing++ }
    elseif ($kind -ceq 'link') { $why = 'linked' }
    elseif ($kind -ceq 'unreadable') { $why = 'unreadable' }
    elseif ($kind -cne 'folder') { $why = 'folder' }
    $folder = Get-Folder $folder
  }
  @{ Missing = $missing; Why = $why }
}

# Test-Busy EXCEPTION: whether another program has the file open: sharing, lock, or the one step of a replacement that left it untouched.
function Test-Busy($exception) { 32, 33, 1175, 11 -contains (Get-ErrorCode $exception) }

# Move-File, Remove-File: in one place, as tests on other systems keep access lists elsewhere.
function Move-File($from, $to) { [System.IO.File]::Move($from, $to) }
function Remove-File($path) { [System.IO.File]::Delete($path) }
function Switch-File($new, $path, $own) { [System.IO.File]::Replace($new, $path, $own) }

# Remove-Files FILES PATH TOP: files beside that path. Returns false if a folder that leads there is a link.
function Remove-Files($files, $path, $top) {
  if (@($files).Count -eq 0) { return $true }
  $guard = Open-Guard $path $top
  if ($null -eq $guard) { return $false }
  try { foreach ($each in $files) { Remove-File $each } } finally { $guard.Dispose() }
  return $true
}

# Repair-Target PATH TOP: puts back what a killed run left: a file that was moved away and not yet replaced, and unfinished new ones.
function Repair-Target($path, $top) {
  $own = $path + '.crossfade-old'
  try {
    $left = @(Get-Siblings $path '.crossfade-new.??????')
    if ((Get-Kind $own) -ceq 'file') {
      if ((Get-Kind $path) -cne 'absent') { $left += $own }
      else {
        $guard = Open-Guard $path $top
        if ($null -eq $guard) { return }
        try { Move-File $own $path } finally { $guard.Dispose() }
      }
    }
    $run.Repaired = Remove-Files $left $path $top
  } catch { $run.Repaired = $false }
}

# Get-Siblings PATH ENDING: files beside it whose name is its own with this ending, in the order of their names.
function Get-Siblings($path, $ending) {
  $folder = Get-Folder $path
  if (-not [System.IO.Directory]::Exists($folder)) { return }
  $name = [System.IO.Path]::GetFileName($path) + $ending
  $pattern = '\A' + [regex]::Escape($name).Replace('\?', '.') + '\z'
  $names = @([System.IO.Directory]::GetFiles($folder) | Where-Object { [System.IO.Path]::GetFileName($_) -cmatch $pattern })
  [array]::Sort($names, [System.StringComparer]::Ordinal)
  return $names
}

# New-Temporary PATH: the name of a new file beside it that does not exist; that of the settings file for its record and backups, too, so
# that the next run finds what a killed one left.
function New-Temporary($path) {
  $path = [regex]::Replace($path, '\.crossfade-(undo|backup-[0-9-]+)\z', '')
  while ($true) {
    $name = $path + '.crossfade-new.' + [System.IO.Path]::GetRandomFileName().Substring(0, 6)
    if ((Get-Kind $name) -ceq 'absent') { return $name }
  }
}

# New-Folders PATH TOP OWNER: the folders that are missing on the way to a file. The machine's are for administrators to write.
function New-Folders($path, $top, $owner) {
  $missing = @()
  $folder = Get-Folder $path
  while ($folder.Length -gt $top.Length -and (Get-Kind $folder) -ceq 'absent') {
    $missing = @($folder) + $missing
    $folder = Get-Folder $folder
  }
  foreach ($each in $missing) {
    [void][System.IO.Directory]::CreateDirectory($each)
    # Else its account could put a link in its place, and be given what that leads to.
    $guard = Open-Guard ($each + $SEPARATOR + [System.IO.Path]::GetFileName($path)) $top
    if ($null -eq $guard) { return }
    try { if ($owner -ceq '') { Set-Access $each (Get-NewAccess '' $true) } else { Set-Owner $each $owner } } finally { $guard.Dispose() }
  }
}

# Open-Guard PATH TOP: an open file in the folder, with which Windows lets nobody move the folder or one above it away, to put a link in its
# place. Returns null if one is a link already.
function Open-Guard($path, $top) {
  $name = New-Temporary $path
  $guard = New-Object System.IO.FileStream($name, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write,
    [System.IO.FileShare]::None, 1, [System.IO.FileOptions]::DeleteOnClose)
  if ((Read-Folders $path $top).Why -ceq '') { return $guard }
  $guard.Dispose()
  return $null
}

# For administrators and the account only.
function Get-Private($owner) { Get-NewAccess $(if ($owner -ceq '') { 'S-1-5-32-544' } else { $owner }) $false }
function Save-Private($path, $text, $top, $owner) { Save-File $path $text $null $top $owner (Get-Private $owner) }

# Save-File PATH TEXT EXPECTED TOP OWNER ACCESS: puts the text in the place of the file, whole or not at all. EXPECTED is the text that is
# replaced, or null where any is, and $ABSENT for none. A file that exists keeps owner, attributes and, without ACCESS, its list; a new one
# gets ACCESS, or is private, and an account's owner. Returns 0, 4 if the file is not what is expected, 5 if another program has it
# open, 6 if owner or access list cannot be what they shall be, or 12 if it cannot be written.
function Save-File($path, $text, $expected, $top, $owner, $access) {
  $until = [DateTime]::UtcNow.AddMilliseconds($LOCK_WAIT)
  while ($true) {
    $guard = $null
    $new = ''
    try {
      New-Folders $path $top $owner
      $guard = Open-Guard $path $top
      if ($null -eq $guard) { return 4 }
      $new = New-Temporary $path
      $keeper = $owner
      if ((Get-Kind $path) -ceq 'file') { $keeper = Get-Owner $path }
      Write-New $new $text $(if ($access) { $access } else { Get-Private $owner }) $keeper
      return (Switch-Target $path $new $expected $keeper $access)
    } catch {
      if (-not (Test-Busy $_.Exception)) { return 12 }
      if ([DateTime]::UtcNow -ge $until) { return 5 }
    } finally {
      if ($new -cne '') { try { Remove-File $new } catch { $run.Repaired = $false } }
      if ($null -ne $guard) { $guard.Dispose() }
      # Whatever stopped it: the file is there again.
      if ($run.MayWrite) { Repair-Target $path $top }
    }
    Start-Sleep -Milliseconds 200
  }
}

# Write-New PATH TEXT ACCESS OWNER: a new file, closed to others before it has content, and on the disk afterwards. All of it while the file
# is open for nobody else, so that none can put a link in its place.
function Write-New($path, $text, $access, $owner) {
  $stream = New-Object System.IO.FileStream($path, [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write, [System.IO.FileShare]::None)
  try {
    Set-Access $path $access
    if ($owner -cne '') { Set-Owner $path $owner }
    $bytes = $LATIN1.GetBytes($text)
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Flush($true)
  } finally { $stream.Dispose() }
}

# Switch-Target: the last step of Save-File. Windows replaces in two steps, between which the file is missing: the old one has a name that
# every run looks for.
function Switch-Target($path, $new, $expected, $keeper, $access) {
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') {
    if ($null -ne $expected -and -not [object]::ReferenceEquals($expected, $ABSENT)) { return 4 }
    if ($keeper -cne '' -and (Get-Owner $new) -cne $keeper) { return 6 }
    Move-File $new $path
    return 0
  }
  if ($kind -cne 'file' -or [object]::ReferenceEquals($expected, $ABSENT)) { return 4 }
  if ($null -ne $expected -and -not (Test-Same (Read-Bytes $path $LARGEST) $expected)) { return 4 }
  $security = Get-Security $path
  $flags = [System.IO.File]::GetAttributes($path)
  $readOnly = [System.IO.FileAttributes]::ReadOnly
  if (($flags -band $readOnly) -ne 0) {
    [System.IO.File]::SetAttributes($path, [System.IO.FileAttributes]([int]$flags -band -bnot [int]$readOnly))
  }
  try {
    Switch-File $new $path ($path + '.crossfade-old')
  } finally {
    if ((Get-Kind $path) -ceq 'file') {
      # ReadOnly, Hidden, System, Archive, Temporary, NotContentIndexed; 0x80 is none of them.
      $kept = [int]$flags -band 0x2127
      if (([int][System.IO.File]::GetAttributes($path) -band 0x2127) -ne $kept) {
        if ($kept -eq 0) { $kept = 0x80 }
        [System.IO.File]::SetAttributes($path, [System.IO.FileAttributes]$kept)
      }
    }
  }
  $isSame = Test-SameSecurity (Get-Security $path) $security
  if ($isSame -and $access -ceq '') { return 0 }
  # Open, so that nobody can put a link in its place meanwhile.
  $held = New-Object System.IO.FileStream($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, [System.IO.FileShare]::ReadWrite)
  try {
    if ((Get-Kind $path) -cne 'file') { return 4 }
    if (-not $isSame) {
      Set-Owner $path $keeper
      if (-not (Test-SameSecurity (Get-Security $path) $security)) { Set-Security $path $security }
      if (-not (Test-SameSecurity (Get-Security $path) $security)) { return 6 }
    }
    if ($access -cne '') { Set-Access $path $access }
    return 0
  } finally { $held.Dispose() }
}

# Enter-Lock PATH: one run at a time. The lock is a file that is open for this process alone, in a folder where no other account can make
# one; the system closes and removes it however the process ends. A named mutex could be taken by any account.
function Enter-Lock($path) {
  $options = [System.IO.FileOptions]::None
  if ($ON_WINDOWS) { $options = [System.IO.FileOptions]::DeleteOnClose }
  $until = [DateTime]::UtcNow.AddSeconds($PATIENCE)
  while ($true) {
    try {
      $run.Lock = New-Object System.IO.FileStream($path, [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite,
        [System.IO.FileShare]::None, 1, $options)
      return
    } catch {
      $code = Get-ErrorCode $_.Exception
      # 32: somebody has it open. 5: it is being removed at this moment, or it may not be made.
      if ($code -ne 32 -and $code -ne 5 -and $code -ne 11) { Stop-Run 12 ('no lock can be made at ' + (Get-Plain $path)) }
      if ([DateTime]::UtcNow -ge $until) {
        if ($code -eq 5) { Stop-Run 12 ('no lock can be made at ' + (Get-Plain $path)) }
        Stop-Run 11 'another run is at work'
      }
    }
    Start-Sleep -Milliseconds 250
  }
}

# Exit-Lock: lets the next run in.
function Exit-Lock {
  if ($null -ne $run.Lock) { $run.Lock.Dispose() }
  $run.Lock = $null
}

# ---- The token ----

# Get-FirstLine TEXT: up to the first LF; one CR before it goes too, since editors on Windows end lines with both.
function Get-FirstLine($text) {
  $end = $text.IndexOf("`n", [StringComparison]::Ordinal)
  if ($end -lt 0) { return $text }
  $line = $text.Substring(0, $end)
  if ($line.EndsWith("`r", [StringComparison]::Ordinal)) { $line = $line.Substring(0, $line.Length - 1) }
  return $line
}

# Get-TokenProblem TOKEN: what is said after "the token", or nothing. The token is in no pattern, cast or exception.
function Get-TokenProblem($text) {
  if ($text.Length -eq 0) { return 'is empty; copy it again, alone and on one line' }
  if ([regex]::IsMatch($text, '\ABearer[ \t]', 'IgnoreCase, CultureInvariant')) { return 'starts with the word Bearer; remove that word' }
  if ([regex]::IsMatch($text, '[^!-~]')) {
    return 'contains white space, a control character or a non-ASCII character; copy it again, alone and on one line'
  }
  if ($text.Length -lt 20) { return 'is too short (' + $text.Length + ' characters); copy all of it' }
  if ($text.Length -gt $LONGEST_TOKEN) {
    return 'is too long (' + $text.Length + ' characters), or was cut; copy it again, alone and on one line'
  }
}

# Get-Fingerprint TOKEN: the first 12 hex digits of SHA-256 over a token. It goes to the cmdlet as a stream: of what stands in a
# parameter, an event log could have a copy. The buffer is larger than any token, as nobody reads while it is written.
function Get-Fingerprint($text) {
  $bytes = $LATIN1.GetBytes($text)
  $writer = New-Object System.IO.Pipes.AnonymousPipeServerStream(
    [System.IO.Pipes.PipeDirection]::Out, [System.IO.HandleInheritability]::None, 8192)
  $reader = New-Object System.IO.Pipes.AnonymousPipeClientStream([System.IO.Pipes.PipeDirection]::In, $writer.ClientSafePipeHandle)
  try {
    $writer.Write($bytes, 0, $bytes.Length)
    $writer.Dispose()
    return (Get-FileHash -Algorithm SHA256 -InputStream $reader).Hash.Substring(0, 12).ToLowerInvariant()
  } finally {
    $writer.Dispose()
    $reader.Dispose()
  }
}

# Read-Given: the new token, checked: from --from, CROSSFADE_TOKEN_FILE, standard input, or a hidden question.
function Read-Given {
  $file = $run.From
  if ($file -ceq '' -and $env:CROSSFADE_TOKEN_FILE) { $file = Get-FullPath $env:CROSSFADE_TOKEN_FILE }
  if ($file -cne '') {
    $text = Read-Small $file
    if ($null -eq $text) { Stop-Run 11 ((Get-Plain $file) + ' cannot be read') 'give a file that contains only the token' }
  } else { $text = Read-Feed }
  # A byte order mark, as a text or as the bytes of a file.
  if ($text.Length -gt 0 -and [int]$text[0] -eq 0xFEFF) { $text = $text.Substring(1) }
  if ($text.Length -gt 2 -and [int]$text[0] -eq 0xEF -and [int]$text[1] -eq 0xBB -and [int]$text[2] -eq 0xBF) { $text = $text.Substring(3) }
  $line = Get-FirstLine $text
  if ($text.Substring($line.Length).Trim().Length -gt 0) {
    Stop-Run 11 'the new token has more than one line' 'copy it again, alone and on one line'
  }
  if ([regex]::IsMatch($line, '\A@[^\r\n]*@\z|\{\{|\$\{|\A<.*>\z|\A\$')) {
    Stop-Run 11 'the new token is still a placeholder' 'put the real one there'
  }
  $problem = Get-TokenProblem $line
  if ($problem) {
    $parts = $problem.Split(';')
    Stop-Run 11 ('the new token ' + $parts[0]) $parts[1].Trim()
  }
  $run.Token = $line
  $run.Fresh = Get-Fingerprint $line
}

# Read-Feed: what came on standard input. Under -File it has been read already, into what is enumerated here.
function Read-Feed {
  $lines = @($feed)
  if ($lines.Count -gt 0) { return ($lines -join "`n") }
  if ([Console]::IsInputRedirected) { return [Console]::In.ReadToEnd() }
  try { $hidden = Read-Host -Prompt 'New token (not shown)' -AsSecureString } catch { $hidden = $null }
  if ($null -eq $hidden) { Stop-Run 11 'no token, and nobody to ask for one' 'give a file with --from, or write it to standard input' }
  return (New-Object System.Net.NetworkCredential('', $hidden)).Password
}

# Read-Small FILE: its bytes as text; null where it is no regular file, cannot be read, or is larger than a file with a token can be.
function Read-Small($path) {
  try {
    if ((Get-Kind $path) -ceq 'file') { return (Read-Bytes $path $LARGEST) }
  } catch { return $null }
  return $null
}

# Read-FirstLine FILE: what a token file holds; nothing where it cannot be read.
function Read-FirstLine($path) {
  $text = Read-Small $path
  if ($null -eq $text) { return '' }
  return (Get-FirstLine $text)
}

# ---- The collector ----

# Read-Page URL: a page as text; null where there is no answer. By no proxy: it is this machine's, or one that was named.
function Read-Page($url) {
  $until = [DateTime]::UtcNow.AddSeconds(20)
  [System.Net.HttpWebResponse]$response = $null
  try {
    [System.Net.HttpWebRequest]$request = [System.Net.WebRequest]::Create($url)
    $request.Proxy = $null
    $request.Timeout = 10000
    $request.ReadWriteTimeout = 10000
    $request.AllowAutoRedirect = $false
    $response = $request.GetResponse()
    if ([int]$response.StatusCode -ne 200) { return $null }
    $reader = New-Object System.IO.StreamReader($response.GetResponseStream(), $LATIN1)
    $text = New-Object System.Text.StringBuilder
    $buffer = New-Object char[] 65536
    while ($true) {
      $count = $reader.Read($buffer, 0, $buffer.Length)
      if ($count -le 0) { return $text.ToString() }
      [void]$text.Append($buffer, 0, $count)
      if ($text.Length -gt $LARGEST_PAGE -or [DateTime]::UtcNow -gt $until) { return $null }
    }
  } catch { return $null } finally { if ($null -ne $response) { $response.Close() } }
}

# Get-Value LINE: the number behind the labels of a counter; a time can follow it.
# https://prometheus.io/docs/instrumenting/exposition_formats/
function Get-Value($line) {
  $words = $line.Substring($line.LastIndexOf([char]'}') + 1).Trim().Split(' ')
  $value = [double]0
  if (-not [double]::TryParse($words[0], [System.Globalization.NumberStyles]::Float, [System.Globalization.CultureInfo]::InvariantCulture, [ref]$value)) { return [double]0 }
  # Not a number is not equal to itself.
  if ($value -ne $value) { return [double]0 }
  return $value
}

# Get-Count sent|send_failed|refused: how much our exporter has sent, has dropped for good, or has dropped because the token was refused (or for
# a reason that this release does not tell) since the collector started. What it gave up because nobody took it does not count.
function Get-Count($what) {
  $name = $what
  if ($what -ceq 'refused') { $name = 'send_failed' }
  $start = 'otelcol_exporter_' + $name + '_'
  $sum = [double]0
  foreach ($line in $run.Page.Split("`n")) {
    if (-not $line.StartsWith($start, [StringComparison]::Ordinal) -or -not $line.Contains($EXPORTER)) { continue }
    if ($line.Contains('error_permanent="false"')) { continue }
    $isTold = $what -ceq 'refused' -and $line.Contains('error_type=')
    if ($isTold -and $line -cnotmatch 'error_type="(Unauthenticated|PermissionDenied)"') { continue }
    $sum += Get-Value $line
  }
  return $sum
}

# Update-Page: reads the metrics again. Returns whether they answered.
function Update-Page {
  $page = Read-Page $run.Metrics
  if ($null -eq $page) { return $false }
  $run.Page = $page
  return $true
}

# Test-Provider: asks the provider with an empty export whether it accepts the token. A redirection is not followed: the token would go along.
function Test-Provider {
  if ($run.NoPrecheck) { return }
  $status = Send-Empty
  if ($status -ge 200 -and $status -lt 300) { Write-Line ('accepted  ' + $PROVIDER + ' accepts fp=' + $run.Fresh) }
  elseif ($status -eq 401 -or $status -eq 403) {
    Stop-Run 3 ($PROVIDER + ' rejects the new token (HTTP ' + $status + '); nothing was changed') 'copy it again, or rotate again'
  } elseif ($status -eq 0) { Write-Caution ('no answer from ' + $PROBE_URL + ', so the token is not checked beforehand') }
  else { Write-Caution ($PROBE_URL + ' answered HTTP ' + $status + ', which says nothing about the token') }
}

# Send-Empty: the status of the answer; 0 without one.
function Send-Empty {
  [System.Net.HttpWebResponse]$response = $null
  try {
    # TLS 1.2 besides what the system offers; 0 leaves it to the system.
    $protocols = [int][System.Net.ServicePointManager]::SecurityProtocol
    if ($protocols -ne 0) { [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]($protocols -bor 3072) }
    [System.Net.HttpWebRequest]$request = [System.Net.WebRequest]::Create($PROBE_URL)
    $request.Method = 'POST'
    $request.ContentType = 'application/json'
    $request.Timeout = 30000
    $request.AllowAutoRedirect = $false
    $value = $run.Token
    if ($SCHEME -cne '') { $value = $SCHEME + ' ' + $value }
    $request.Headers.Add($HEADER, $value)
    $bytes = $LATIN1.GetBytes('{}')
    $body = $request.GetRequestStream()
    $body.Write($bytes, 0, $bytes.Length)
    $body.Dispose()
    $response = $request.GetResponse()
    return [int]$response.StatusCode
  } catch {
    $inner = $_.Exception
    while ($null -ne $inner.InnerException -and $inner -isnot [System.Net.WebException]) { $inner = $inner.InnerException }
    if ($inner -isnot [System.Net.WebException]) { return 0 }
    [System.Net.WebException]$failure = $inner
    $response = $failure.Response
    if ($null -eq $response) { return 0 }
    return [int]$response.StatusCode
  } finally { if ($null -ne $response) { $response.Close() } }
}

# Get-Waiting: how much waits in the queue of our exporter, in requests or whatever that queue counts; null where the metrics do not show it.
function Get-Waiting {
  $sum = $null
  foreach ($line in $run.Page.Split("`n")) {
    if ($line -cmatch '\A(otelcol_)?exporter_queue_size' -and $line.Contains($EXPORTER)) { $sum = [double]$sum + (Get-Value $line) }
  }
  return $sum
}

# Get-Number VALUE: a count as text, whatever its size and the culture here.
function Get-Number($value) { return ([double]$value).ToString('F0', [System.Globalization.CultureInfo]::InvariantCulture) }

# Test-HasToken TEXT: whether the new token or the old one is in it.
function Test-HasToken($text) {
  if ($text.IndexOf($run.Token, [StringComparison]::Ordinal) -ge 0) { return $true }
  return ($run.Old -cne '' -and $text.IndexOf($run.Old, [StringComparison]::Ordinal) -ge 0)
}

# Get-PlainPart PART: a part of an id as it can be shown: without what controls a terminal, and not if it is a token or could be one.
function Get-PlainPart($part) {
  $rest = [regex]::Replace($part, '[0-9]', '')
  $isLikeToken = $part.Length -ge 20 -and $part.Length - $rest.Length -ge 2 -and $rest -cmatch '[A-Za-z]'
  if ($isLikeToken -or (Test-HasToken $part)) { return '[' + $part.Length + ' characters]' }
  return [regex]::Replace($part, '[^A-Za-z0-9_./-]', '?')
}

# Get-ShownId ID: the id of an exporter as it can be shown.
function Get-ShownId($id) {
  $slash = $id.IndexOf('/', [StringComparison]::Ordinal)
  if ($slash -lt 0) { return Get-PlainPart $id }
  $type = $id.Substring(0, $slash)
  $name = $id.Substring($slash + 1)
  if ((Test-HasToken $id) -and -not (Test-HasToken $type) -and -not (Test-HasToken $name)) { return Get-PlainPart $id }
  return (Get-PlainPart $type) + '/' + (Get-PlainPart $name)
}

# Get-ByExporter PAGE PATTERN: the sums of the lines that a pattern finds, by exporter and in the order of the page.
function Get-ByExporter($page, $pattern) {
  $sums = New-Object System.Collections.Specialized.OrderedDictionary([StringComparer]::Ordinal)
  foreach ($line in $page.Split("`n")) {
    if ($line -cnotmatch $pattern) { continue }
    $match = [regex]::Match($line, 'exporter="([^"]*)"')
    if (-not $match.Success) { continue }
    $id = $match.Groups[1].Value
    $sums[$id] = [double]$sums[$id] + (Get-Value $line)
  }
  return $sums
}

# Get-InTheWay BEFORE: what stands in the way of a restart: our queue if it is full, and other exporters of which data waits and that did not
# just now send any. BEFORE is the page of metrics from before. Nothing if nothing does.
function Get-InTheWay($before) {
  $sentBefore = Get-ByExporter $before '\Aotelcol_exporter_sent_'
  $sent = Get-ByExporter $run.Page '\Aotelcol_exporter_sent_'
  $full = [double]0
  $capacity = [double]0
  $others = New-Object System.Text.StringBuilder
  foreach ($line in $run.Page.Split("`n")) {
    if ($line.Contains($EXPORTER)) {
      if ($line -cmatch '\A(otelcol_)?exporter_queue_size') { $full = [Math]::Max($full, (Get-Value $line)) }
      elseif ($line -cmatch '\A(otelcol_)?exporter_queue_capacity') { $capacity = Get-Value $line }
    } else { [void]$others.Append($line).Append("`n") }
  }
  $sizes = Get-ByExporter $others.ToString() '\A(otelcol_)?exporter_queue_size'
  $names = @(foreach ($id in $sizes.Keys) {
    $isIdle = [double]$sent[$id] -le [double]$sentBefore[$id]
    if ($sizes[$id] -gt 10 -or ($sizes[$id] -gt 0 -and $isIdle)) { Get-ShownId $id }
  })
  if ($names.Count -gt 0) {
    return 'data waits for other exporters (' + ($names -join ', ') + '): what a queue in memory has, a reload or restart tries once more and drops'
  }
  # Where requests do not all fit, a queue is never quite full.
  if ($capacity -gt 0 -and $full -ge 0.9 * $capacity) {
    return 'the queue is full: until there is room, a reload or restart may not end, and take no data'
  }
  return ''
}

# Wait-Second: a second later, with the page of metrics of then.
function Wait-Second {
  Start-Sleep -Seconds 1
  if (-not (Update-Page)) {
    Stop-Run 6 ('the collector''s metrics stopped answering at ' + (Get-Plain $run.Metrics) + '; nothing was changed') 'see the collector''s log'
  }
}

# Wait-Queue: waits until no data waits in the queue that the change would lose. A few requests that an export which works has under way
# do not, but one of them can be a large batch that is between two tries: only what is exported for longer than such a pause shows that
# none is.
function Wait-Queue {
  $queued = Get-Waiting
  if ($QUEUE -ceq '') {
    if ($queued -gt 0) { Write-Line ('waiting   ' + (Get-Number $queued) + ' in the queue, which the change does not lose') }
    return
  }
  if ($null -eq $queued) {
    Write-Caution ('the metrics do not show the queue: if data waits in it, ' + $QUEUE)
    return
  }
  $why = ': ' + $QUEUE
  if ($UNSEEN -cne '') { $why = '; ' + $UNSEEN + $why }
  $before = Get-Count 'sent'
  $steady = 0
  for ($waited = 0; $queued -gt 0 -or $UNSEEN -cne ''; ) {
    # In requests, items or bytes: a config can choose.
    $what = 'a queue of unknown size'
    if ($queued -gt 0) { $what = 'a queue of ' + (Get-Number $queued) }
    if ($run.DespiteQueue) {
      Write-Caution ('data waits in ' + $what + ': ' + $QUEUE)
      return
    }
    if ($waited -eq 1) { Write-Line ('waiting   for ' + $what + $why) }
    if ($waited -ge $run.Wait) {
      Stop-Run 11 ('data still waits in ' + $what + $why + '; nothing was changed') `
        'see that the backend accepts it and run this again, or lose it with --despite-queue'
    }
    Wait-Second
    $waited++
    $queued = [double](Get-Waiting)
    $sent = Get-Count 'sent'
    # With an empty queue there need not be anything to send, but the backend must answer.
    if (($queued -eq 0 -and -not $run.NoPrecheck) -or ($queued -le 10 -and $sent -gt $before)) { $steady++ } else { $steady = 0 }
    if ($steady -ge $PAUSE) { return }
    $before = $sent
  }
}

# Wait-Way: a restart ends every exporter, not only ours, and may not end itself while senders are held up by a full queue.
function Wait-Way {
  if ($run.Apply -ceq '') { return }
  $before = $run.Page
  for ($waited = 0; ; $waited++) {
    $what = Get-InTheWay $before
    if ($what -ceq '') { return }
    if ($run.DespiteQueue) {
      Write-Caution $what
      return
    }
    if ($waited -eq 2) { Write-Line ('waiting   ' + $what) }
    if ($waited -ge $run.Wait) {
      Stop-Run 11 ($what + '; nothing was changed') 'see that each backend accepts its data and run this again, or accept this with --despite-queue'
    }
    $before = $run.Page
    Wait-Second
  }
}

# Accounts of services by name. https://learn.microsoft.com/windows/win32/services/service-user-accounts
$SERVICE_ACCOUNTS = @{
  'LOCALSYSTEM' = 'S-1-5-18'; 'SYSTEM' = 'S-1-5-18'; 'NT AUTHORITY\SYSTEM' = 'S-1-5-18'; 'NT AUTHORITY\LOCALSERVICE' = 'S-1-5-19'
  'NT AUTHORITY\LOCAL SERVICE' = 'S-1-5-19'; 'NT AUTHORITY\NETWORKSERVICE' = 'S-1-5-20'; 'NT AUTHORITY\NETWORK SERVICE' = 'S-1-5-20'
}

# Get-AccountSid NAME: nothing where this machine does not know it.
function Get-AccountSid($name) {
  if ($name -cmatch '\AS-1(-[0-9]{1,15})+\z') { return $name }
  $key = $name.ToUpperInvariant()
  if ($SERVICE_ACCOUNTS.ContainsKey($key)) { return $SERVICE_ACCOUNTS[$key] }
  if ($name.StartsWith('.\', [StringComparison]::Ordinal)) { $name = [Environment]::MachineName + $name.Substring(1) }
  try { return (New-Object System.Security.Principal.NTAccount($name)).Translate([System.Security.Principal.SecurityIdentifier]).Value } catch { return '' }
}

# Get-ServiceAccount: the account of the collector's service, as it is set; nothing if there is no such service.
function Get-ServiceAccount {
  try {
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $key = $base.OpenSubKey('SYSTEM\CurrentControlSet\Services\' + $SERVICE)
    if ($null -eq $key) { return '' }
    return [string]$key.GetValue('ObjectName')
  } catch { return '' }
}

# Find-Collector: its process on this machine, and the account that reads the file. Nothing is set where that cannot be known.
function Find-Collector {
  $account = $run.OwnerWish
  if ($account -ceq '') { $account = Get-ServiceAccount }
  if ($account -ceq '') { $account = $OWNER }
  $run.Reader = Get-AccountSid $account
  if ($run.OwnerWish -cne '' -and $run.Reader -ceq '') { Stop-Run 2 ('there is no account ' + (Get-Plain $run.OwnerWish)) 'name one of this machine, or a SID, with --owner' }
  if ($run.Process -ceq '') { $run.Process = Find-Process }
  elseif (-not (Test-Process $run.Process)) { $run.Process = '' }
  if ($run.Process -cne '' -and -not (Test-Config)) {
    Write-Caution ((Get-Plain $CONFIG) + ' does not name this token file, so it is unknown whether the collector reads it')
    $run.Process = ''
  }
}

# Find-Process: the number of the service's process; nothing where it does not run.
function Find-Process {
  if ($FIND_PID -ceq '') { return '' }
  $end = Invoke-Lines $FIND_PID
  if ($end.Lines.Count -eq 0) { return '' }
  $found = $end.Lines[0].Trim()
  if ($found -cnotmatch '\A[0-9]{1,9}\z' -or -not (Test-Process $found)) { return '' }
  return $found
}

function Test-Process($number) {
  if ($number -cmatch '\A0*\z') { return $false }
  return ($null -ne (Get-Process -Id $number -ErrorAction SilentlyContinue))
}

# Test-Config: no only where the collector's config is at its usual place and does not name the token file.
function Test-Config {
  try {
    if ((Get-Kind $CONFIG) -cne 'file') { return $true }
    $text = Read-Bytes $CONFIG 10485760
    if ($null -eq $text) { return $true }
    # In UTF-16 every other byte is 0.
    return ($text.Replace([string][char]0, '').IndexOf([System.IO.Path]::GetFileName($run.TokenFile), [StringComparison]::OrdinalIgnoreCase) -ge 0)
  } catch { return $true }
}

# Accounts that access lists name by letters which the table of the shared part lacks.
$MORE_NAMED = @{ LS = 'S-1-5-19'; NS = 'S-1-5-20'; SU = 'S-1-5-6'; AN = 'S-1-5-7'; BG = 'S-1-5-32-546'; IU = 'S-1-5-4' }

# Get-Entries ACCESS: its entries as type, flags without that of an inherited one, rights as a number, and SID.
function Get-Entries($access) {
  foreach ($match in [regex]::Matches($access, '\((?<t>[^;]*);(?<f>[^;]*);(?<r>[^;]*);[^;]*;[^;]*;(?<s>[^;)]*)')) {
    $who = Get-Sid $match.Groups['s'].Value
    if ($MORE_NAMED.ContainsKey($who)) { $who = $MORE_NAMED[$who] }
    $flags = [regex]::Replace($match.Groups['f'].Value, '(?<=\A(..)*)ID', '')
    @{ Type = $match.Groups['t'].Value; Flags = $flags; Mask = (Get-Mask $match.Groups['r'].Value); Who = $who }
  }
}

# Test-SameRights A B: whether two owners and access lists say the same, however they write it.
function Test-SameRights($a, $b) {
  $texts = @(foreach ($each in $a, $b) {
    $parts = Read-Sddl $each
    $rows = @(foreach ($entry in @(Get-Entries $parts.Access)) { $entry.Type + ';' + $entry.Flags + ';' + $entry.Mask + ';' + $entry.Who })
    $parts.Owner + '|' + ($rows -join '|')
  })
  return (Test-Same $texts[0] $texts[1])
}

# Test-Reader SECURITY: no only where the access list gives the collector's account surely no right to read. In which other groups an account
# is cannot be known here, so an entry for another group may be for it.
function Test-Reader($security) {
  $reader = $run.Reader
  if ($reader -ceq '') { return $true }
  $parts = Read-Sddl $security
  $isSystem = $reader -cmatch '\AS-1-5-(18|19|20)\z'
  $sure = @($reader, 'S-1-1-0', 'S-1-5-11')
  if ($reader -ceq 'S-1-5-18') { $sure += 'S-1-5-32-544' } elseif ($isSystem) { $sure += 'S-1-5-32-545', 'S-1-5-6' }
  if ($parts.Owner -ceq $reader) { $sure += 'S-1-3-4' }
  $entries = @(Get-Entries $parts.Access)
  # Without any list everybody may.
  if ($entries.Count -eq 0 -and -not $parts.Access.Contains('P')) { return $true }
  foreach ($entry in $entries) {
    if ($entry.Flags -cmatch '\A(..)*IO' -or ($entry.Mask -band $MAY_READ) -eq 0) { continue }
    $isGrant = $entry.Type -cmatch '\AX?A\z'
    if ($sure -ccontains $entry.Who) { return $isGrant }
    # The three accounts of the system are in no groups but these, and nobody else is one of them.
    $isStranger = $entry.Who -cmatch '\AS-1-5-(18|19|20)\z' -or ($isSystem -and $entry.Who -cnotmatch '\AS-1-5-80-')
    if ($isGrant -and -not $isStranger) { return $true }
  }
  return $false
}

# ---- The token file ----

# Test-Way: the token's folder and all above it are folders in which only administrators and the caller can swap files.
function Test-Way {
  $folder = Get-Folder $run.TokenFile
  if (-not $folder -or -not [System.IO.Directory]::Exists($folder)) {
    Stop-Run 11 ('there is no folder ' + (Get-Plain $folder)) 'create it, readable by the collector''s account only'
  }
  # Into the folder itself nobody else may put a file or a folder, either.
  $rights = $MAY_REPLACE -bor 0x6
  for ($step = $folder; $step; $step = Get-Folder $step) {
    $kind = Get-Kind $step
    $name = Get-Plain $step
    if ($kind -ceq 'link') { Stop-Run 11 ('the folder ' + $name + ' is a link, which is not followed') 'name the folder that it leads to, with --token-file' }
    if ($kind -cne 'folder') { Stop-Run 11 ('the folder ' + $name + ' cannot be entered') 'run this as an administrator or as its owner' }
    # Above the folders of a drive is nothing that could be swapped.
    if ((Get-Folder $step) -and (Test-Granted (Get-SecurityOf $step) $rights (Get-Trusted))) {
      Stop-Run 11 ('other accounts own or can write the folder ' + $name + ', and could swap files in it during the change') `
        'look with icacls, and leave the right to write to administrators and SYSTEM'
    }
    $rights = $MAY_REPLACE
  }
}

# Whoever may change what is in the folder.
function Get-Trusted { return @($ADMINS) + $run.Self }

function Get-SecurityOf($path) {
  try { return (Get-Security $path) } catch {
    Stop-Run 12 ('the access list of ' + (Get-Plain $path) + ' cannot be read') 'run this as an administrator'
  }
}

# Read-State: what the token file is like, so that its successor is like it, and what is in it.
function Read-State {
  $path = $run.TokenFile
  $name = Get-Plain $path
  $run.Was = ''
  $run.Old = ''
  $run.OldText = ''
  $kind = Get-Kind $path
  if ($kind -ceq 'absent') { return }
  if ($kind -ceq 'link') { Stop-Run 11 ($name + ' is a link, or not on this disk, and is not followed') 'rotate it where it is made' }
  if ($kind -cne 'file') { Stop-Run 11 ($name + ' is not a regular file') 'name the token file with --token-file' }
  $run.Was = Get-SecurityOf $path
  if (Test-Granted $run.Was $MAY_WRITE (Get-Trusted)) {
    Stop-Run 11 ('other accounts own or can write ' + $name) 'look with icacls, and leave the right to write to administrators and SYSTEM'
  }
  $text = Read-Small $path
  if ($null -ne $text) {
    $run.OldText = $text
    $run.Old = Get-FirstLine $text
  }
  if ($run.Old -ceq '' -and ($null -eq $text -or $text.Length -gt 0)) {
    Stop-Run 11 ('no token can be read from ' + $name + ', which is not empty; what is in it would be lost') `
      'run this as an account that may read it, or move the file away'
  }
}

# Write-Readers: says whether accounts that need not can read the token.
function Write-Readers {
  $readers = @(Get-Trusted)
  if ($run.Reader -cne '') { $readers += $run.Reader }
  if ($run.Was -cne '' -and (Test-Granted $run.Was $MAY_READ $readers)) {
    Write-Caution ('accounts besides administrators and the collector''s can read ' + (Get-Plain $run.TokenFile) + ': look with icacls')
  }
}

# Get-Access READER: SYSTEM, administrators and the caller may do all, and the reader, if one is given, may read.
function Get-Access($reader) {
  $access = 'P(A;;FA;;;SY)(A;;FA;;;BA)'
  if (-not $run.IsAdmin) { $access += '(A;;FA;;;' + $run.Self + ')' }
  if ($reader -cne '' -and -not ($ADMINS -ccontains $reader) -and $reader -cne $run.Self) { $access += '(A;;FR;;;' + $reader + ')' }
  return $access
}

# Save-Token TEXT EXPECTED SECURITY: puts a text into the token file, whole or not at all, with owner and access list as given. Returns 0 or
# the code of Save-File: 6 where the text is in place and the access list is not.
function Save-Token($text, $expected, $security) {
  # Two changes a few milliseconds apart can end a watch for good: then the second one is never read, nor any after it.
  if ((Get-Seconds) - $run.Written -lt 2) { Start-Sleep -Seconds 1 }
  $run.Written = Get-Seconds
  $path = $run.TokenFile
  $code = Save-File $path $text $expected ([System.IO.Path]::GetPathRoot($path)) '' (Read-Sddl $security).Access
  if ($code -eq 0 -and -not (Test-SameRights (Get-SecurityOf $path) $security)) { return 6 }
  return $code
}

# Get-NextSecurity: owner and access list that the new file gets: those of the one from before, unless --owner names somebody.
function Get-NextSecurity {
  if ($run.Was -ceq '') { return '' }
  if ($run.OwnerWish -ceq '') { return $run.Was }
  $parts = Read-Sddl $run.Was
  return 'O:' + $parts.Owner + 'G:' + $parts.Group + 'D:' + (Get-Access $run.Reader)
}

# Stop-Unsaved CODE: after a change that was not made.
function Stop-Unsaved($code) {
  $name = Get-Plain $run.TokenFile
  switch ($code) {
    4 { Stop-Run 11 ($name + ' was changed by another program meanwhile; nothing was changed') 'see what changes it, and run this again' }
    5 { Stop-Run 12 ($name + ' is in use by another program; nothing was changed') 'see which program keeps it open, and run this again' }
    default { Stop-Run 12 ('cannot replace ' + $name + '; nothing was changed') 'look at the folder''s access list and at the free space' }
  }
}

# The files beside it: the old token while a new one is tried, which one is tried, and the old one after a run that ended without a proof.
function Get-Trial { return $run.TokenFile + '.crossfade-trial' }
function Get-Tried { return $run.TokenFile + '.crossfade-tried' }
function Get-Kept { return $run.TokenFile + '.crossfade-kept' }

# Save-Beside PATH TEXT: a file for administrators and the caller only.
function Save-Beside($path, $text) {
  $code = Save-File $path $text $null ([System.IO.Path]::GetPathRoot($path)) '' (Get-Access '')
  if ($code -ne 0) { Stop-Run 12 ('cannot write to ' + (Get-Plain (Get-Folder $path)) + '; nothing was changed') 'free some space, and look at the folder''s access list' }
}

# Clear-Trial: forgets the old token, once another one is proven or it is in place again.
function Clear-Trial {
  $run.Trying = $false
  foreach ($path in (Get-Trial), (Get-Tried)) { if ((Get-Kind $path) -ceq 'file') { Remove-File $path } }
}

# Clear-Left: puts back or removes what a killed run left of its files. The folder is ours alone, so the names are, too.
function Clear-Left {
  foreach ($path in $run.TokenFile, (Get-Trial), (Get-Tried), (Get-Kept)) { Repair-Target $path ([System.IO.Path]::GetPathRoot($path)) }
  if (-not $run.Repaired) { Stop-Run 12 'what an interrupted run left cannot be put back or removed' ('look at ' + (Get-Plain $run.TokenFile) + '.crossfade-*') }
}

# Test-Foreign TEXT PRINT: whoever changed the file since the token with that fingerprint was tried in it meant that: it stays. Where the
# fingerprint is not known, it may have been changed.
function Test-Foreign($text, $print) {
  $line = Get-FirstLine ([string]$text)
  return $line -cne '' -and (Get-Fingerprint $line) -cne $print
}

# Restore-Interrupted: a run that was killed while it tried a new token left the old one beside it: back it goes.
function Restore-Interrupted {
  $trial = Get-Trial
  $text = Read-Small $trial
  if ($null -eq $text -and (Get-Kind $trial) -cne 'absent') {
    Stop-Run 11 ('no token can be read from ' + (Get-Plain $trial) + ', where an interrupted run left the old one') `
      'run this as an account that may read it, or move the file away'
  }
  $now = Read-Small $run.TokenFile
  if ($text -and -not (Test-Same $text ([string]$now))) {
    $tried = Read-FirstLine (Get-Tried)
    if (Test-Foreign $now $tried) {
      Save-Kept
      $came = 'which came after a run that was interrupted'
      if ($tried -ceq '') { $came = 'and nothing shows whether a run that was interrupted put it there' }
      Write-Caution ('fp=' + (Get-Fingerprint (Get-FirstLine $now)) + ' is in place, ' + $came +
        ', and stays; the token from before that run is kept in ' + (Get-Plain (Get-Kept)))
      return
    }
    $security = $run.Was
    if ($security -ceq '') { $code = Save-First $text } else { $code = Save-Token $text $now $security }
    # Another program was faster: what it put there is judged.
    if ($code -eq 4) {
      Read-State
      Restore-Interrupted
      return
    }
    if ($code -ne 0) { Stop-Run 12 'the old token cannot be put back after an interrupted run' ('it is in ' + (Get-Plain $trial)) }
    if (-not (Set-Change (Get-FirstLine $text))) { Write-Caution 'the collector could not be told; see its log' }
    Write-Line ('restored  fp=' + (Get-Fingerprint (Get-FirstLine $text)) + ' is in place again: a run was interrupted before it proved the new token')
  }
  Clear-Trial
}

# Save-First TEXT: a token file where there was none.
function Save-First($text) {
  $path = $run.TokenFile
  return (Save-File $path $text $ABSENT ([System.IO.Path]::GetPathRoot($path)) '' (Get-Access $run.Reader))
}

# ---- The proof ----

# Get-View: the path at which the collector's process finds what is at the token's path. A Windows service has no view of its own.
function Get-View { return $run.TokenFile }

# Test-Seen: what the collector finds at its own path: yes (the new token), no (another), unknown.
function Test-Seen {
  # A restart has given it another number.
  if ($run.Process -cne '' -and -not (Test-Process $run.Process)) {
    $next = Find-Process
    if ($next -ceq '') { return 'unknown' }
    $run.Process = $next
  }
  if ($run.Process -ceq '') { return 'unknown' }
  if (Test-Same (Read-FirstLine (Get-View)) $run.Token) { return 'yes' }
  return 'no'
}

# Get-Sign: what the log or the metrics say when it has read its token anew: it watches the file where nothing is run after the change.
function Get-Sign {
  if ($run.Apply -ceq '') { return $SIGNS.Watched }
  return $SIGNS.Started
}

# Get-Taken: a number that rises when the collector has read its token anew: lines of its log, or a time in its metrics. Null where there is
# none.
function Get-Taken {
  $sign = Get-Sign
  if ($sign.Kind -ceq 'metric') {
    $last = $null
    foreach ($line in $run.Page.Split("`n")) {
      if (-not $line.StartsWith($sign.Text, [StringComparison]::Ordinal) -or -not $line.Contains($sign.Label)) { continue }
      $value = Get-Value $line
      if ($value -gt 0 -and ($null -eq $last -or $value -gt $last)) { $last = [Math]::Floor($value) }
    }
    return $last
  }
  if ($run.Logs -ceq '') { return $null }
  $count = 0
  foreach ($line in (Invoke-Lines $run.Logs).Lines) {
    if ($line.Contains($sign.Text) -and $line.Contains($sign.Label)) { $count++ }
  }
  return $count
}

# Get-ByPrint FINGERPRINT: what a page that counts by fingerprint has counted of a token: in counters of what came through, and where it is
# the fingerprint, not a sender's name.
function Get-ByPrint($print) {
  $sum = [double]0
  $pair = 'fingerprint="' + $print + '"'
  $component = 'crossfade[-_]fp[-_]' + $print + '"'
  foreach ($line in $run.Counted.Split("`n")) {
    $isFound = $false
    if ($line -cmatch '\Acrossfade_(tap_requests|tap_records|gateway_)') { $isFound = $line.Contains($pair) }
    elseif ($line -cmatch '\A(otelcol_)?(receiver_accepted_|processor_incoming_items)') { $isFound = $line -cmatch $component }
    if ($isFound) { $sum += Get-Value $line }
  }
  return $sum
}

# Save-Standing: remembers where things stand before the token is replaced.
function Save-Standing {
  if ($run.Counters -cne '') {
    $page = Read-Page $run.Counters
    if ($null -eq $page) { Stop-Run 6 ('no answer from ' + (Get-Plain $run.Counters)) 'start what counts there, or leave --counters out' }
    $run.Counted = $page
  }
  $run.NewCounted = Get-ByPrint $run.Fresh
  $run.TakenBefore = Get-Taken
}

# Test-InUse: whether something was seen that only the new token brings about: yes; no; other where the collector's file is another one;
# never where there is nothing of the kind to see.
function Test-InUse {
  if ($run.Counters -cne '') {
    if ((Get-ByPrint $run.Fresh) -gt $run.NewCounted) { return 'yes' }
    return 'no'
  }
  $seen = Test-Seen
  if ($seen -ceq 'no') { return 'other' }
  $taken = Get-Taken
  if ($seen -ceq 'unknown' -or $null -eq $taken) { return 'never' }
  if ($taken -le [double]$run.TakenBefore) { return 'no' }
  # Times are in seconds: this reading may have come just before the change.
  if ((Get-Sign).Kind -ceq 'metric' -and $taken -le $run.Changed) { return 'no' }
  return 'yes'
}

# Wait-Proof: waits until exports succeed after something was seen that only the new token brings about: while both tokens are accepted, a
# counter of exports proves nothing by itself. Returns 0 proven; 3 exports fail; 6 no metrics; 9 nothing exported; 11 the collector sees
# another file; 14 exported, and nothing tells with which token.
function Wait-Proof {
  $failedBefore = $run.Failed
  $sentFirst = $null
  $sentBefore = [double]0
  $oldCounted = [double]0
  $sent = [double]0
  $settles = -1
  $isSettled = $false
  $state = 'no'
  for ($waited = 0; $waited -lt $run.Wait; $waited++) {
    if (Update-Page) {
      $isCounted = $true
      if ($run.Counters -cne '') {
        $page = Read-Page $run.Counters
        $isCounted = $null -ne $page
        $run.Counted = [string]$page
      }
      $sent = Get-Count 'sent'
      $failed = Get-Count 'send_failed'
      # A restart starts the counters again.
      if ($failed -lt $failedBefore) { $failedBefore = [double]0 }
      if ($failed -gt $failedBefore) { return 3 }
      if ($null -eq $sentFirst -or $sent -lt $sentFirst) { $sentFirst = $sent }
      if (-not $isSettled) {
        $state = Test-InUse
        if ($state -ceq 'other') { return 11 }
        if ($state -ceq 'yes' -or $state -ceq 'never') {
          # What is under way may still have the old token with it.
          if ($settles -lt 0) { $settles = $waited + 3 }
          $isSettled = $waited -ge $settles
          $sentBefore = $sent
          $oldCounted = Get-ByPrint $run.OldPrint
        }
      } elseif ($sent -lt $sentBefore) { $sentBefore = $sent }
      elseif ($sent -gt $sentBefore) {
        if ($state -cne 'yes') { return 14 }
        if ($run.Counters -ceq '') { return 0 }
        if ($isCounted -and (Get-ByPrint $run.OldPrint) -le $oldCounted) { return 0 }
        # Somebody still sends the old token there.
        $isSettled = $false
        $settles = -1
        $state = 'no'
      }
    }
    Start-Sleep -Seconds 1
  }
  if ($null -eq $sentFirst) { return 6 }
  if ($sent -le $sentFirst) { return 9 }
  return 14
}

# ---- Start ----

# Restore-Old: puts the old token back, and forgets the trial only when it is there. Returns whether it is, or what another program put there
# stays.
function Restore-Old {
  $now = Read-Small $run.TokenFile
  if (-not (Test-Same ([string]$now) $run.OldText)) {
    if (Test-Foreign $now $run.Fresh) {
      Save-Kept
      $run.Foreign = (Get-Plain $run.TokenFile) + ' was changed by another program meanwhile: fp=' + (Get-Fingerprint (Get-FirstLine $now)) +
        ' stays in place, the old token is kept in ' + (Get-Plain (Get-Kept))
      return $true
    }
    # As it was, whatever the new one was meant to be like.
    $code = Save-Token $run.OldText $now $run.Was
    # Another program was faster: what it put there is judged.
    if ($code -eq 4) { return (Restore-Old) }
    if ($code -eq 6) { Write-Caution ('owner or access list of ' + (Get-Plain $run.TokenFile) + ' are not what they were: look with icacls') }
    elseif ($code -ne 0) {
      Write-Problem ('the old token could not be put back; it is in ' + (Get-Plain (Get-Trial)))
      return $false
    }
    $run.TakenBefore = Get-Taken
    if (-not (Set-Change)) { Write-Caution 'the collector could not be told; see its log' }
    Write-Line ('restored  fp=' + $run.OldPrint + ' is in place again')
  }
  Clear-Trial
  return $true
}

# Test-Restored: after a restore: whether the collector has read the old token again. One that has lost sight of its file goes on with the
# new one.
function Test-Restored {
  for ($waited = 0; $waited -lt 3; $waited++) {
    if (-not (Update-Page)) { $run.Page = '' }
    $taken = Get-Taken
    if ($null -ne $taken -and $taken -gt [double]$run.TakenBefore) { return }
    Start-Sleep -Seconds 1
  }
  Write-Caution ('nothing shows that the collector has read fp=' + $run.OldPrint + ' again: restart it')
}

# Save-Kept: the run ends without a proof: the new token stays, and the old one is kept, or the one before it that was proven.
function Save-Kept {
  if ((Get-Kind (Get-Kept)) -cne 'file') { Move-File (Get-Trial) (Get-Kept) }
  Clear-Trial
}

# Complete-Run: whatever ends a run while the new token is not proven, short of killing it, puts the old one back.
function Complete-Run {
  if ($run.Trying) {
    try {
      [void](Restore-Old)
      if ($run.Foreign -cne '') { Write-Problem $run.Foreign }
    } catch { Write-Problem ('the old token could not be put back; it is in ' + (Get-Plain (Get-Trial))) }
  }
  Exit-Lock
}

# Stop-Foreign: the end of a run in which another program changed the file.
function Stop-Foreign { if ($run.Foreign -cne '') { Stop-Run 11 $run.Foreign 'see what changes it, and run this again' } }

# Stop-Restored CODE WHAT FIX: the end of a run whose new token did not do.
function Stop-Restored($code, $what, $fix) {
  if (-not (Restore-Old)) { Stop-Run 12 'the old token is not in place' ('put back what is in ' + (Get-Plain (Get-Trial))) }
  Stop-Foreign
  Test-Restored
  Stop-Run $code $what $fix
}

# Stop-Failed: exports failed since the change. The token is to blame only if a token was refused, or nothing tells why.
function Stop-Failed {
  $refused = Get-Count 'refused'
  # A restart starts the counters again.
  if ($refused -lt $run.Refused) { $run.Refused = [double]0 }
  if ($refused -gt $run.Refused) {
    Stop-Restored 3 'exports fail with the new token' 'see the collector''s log, and check that the token was copied completely'
  }
  Stop-Restored 11 'exports fail for good since the change, none of them because a token was refused' `
    'see the collector''s log for what the backend does not take, and run this again'
}

# Complete-Trial RESULT: what Wait-Proof found, for a person, and the end.
function Complete-Trial($result) {
  $in = 'fp=' + $run.Fresh + ' is in place, the old token is kept in ' + (Get-Plain (Get-Kept))
  switch ($result) {
    0 {
      Clear-Trial
      if ((Get-Kind (Get-Kept)) -ceq 'file') { Remove-File (Get-Kept) }
      Write-Line ('proven    exports succeed with fp=' + $run.Fresh)
      $run.Finished = $true
      exit 0
    }
    3 { Stop-Failed }
    11 {
      Stop-Restored 11 ('the collector''s process ' + $run.Process + ' sees a different token at ' + (Get-Plain $run.TokenFile)) `
        'see what else writes that file; see --pid and --token-file'
    }
    6 {
      Save-Kept
      Stop-Run 6 ('the metrics stopped answering; ' + $in) 'see the collector''s log'
    }
    9 {
      Save-Kept
      Stop-Run 9 ('nothing was exported in ' + $run.Wait + ' s, so nothing is proven; ' + $in) `
        'see that the backend takes what the collector sends, or send something; then run this again with the same token'
    }
    14 {
      Save-Kept
      Stop-Run 14 ('replaced, not proven: exports continue, but it is unknown with which token; ' + $in) `
        ('check that ' + (Get-Sign).How + ' after the change, and at the provider which token it receives data with; or run this again with the same token, as an administrator on the collector''s host or with --counters')
    }
  }
}

# Set-First: a token where there was none; no collector runs without one.
function Set-First {
  if ($run.DryRun) {
    Write-Line ('would put fp=' + $run.Fresh + ' into ' + (Get-Plain $run.TokenFile))
  } else {
    if ((Get-Kind $run.TokenFile) -ceq 'file') { $code = Save-Token $run.Token '' (Get-NextSecurity) } else { $code = Save-First $run.Token }
    if ($code -ne 0) { Stop-Unsaved $code }
    Write-Line ('in place  fp=' + $run.Fresh + ' is in ' + (Get-Plain $run.TokenFile) + '; start the collector')
  }
  $run.Finished = $true
  exit 0
}

# Set-Token: the old token beside, the new one in its place, and the collector told.
function Set-Token($next) {
  $before = $run.OldText
  # The file may hold the new token already, from a run that could not prove it; what was proven is beside it.
  $now = Read-Small $run.TokenFile
  if (Test-Same (Get-FirstLine ([string]$now)) $run.Token) { $before = $now }
  Save-Beside (Get-Tried) $run.Fresh
  Save-Beside (Get-Trial) $run.OldText
  $run.Trying = $true
  $code = Save-Token $run.Token $before $next
  if ($code -eq 6) { Stop-Restored 12 'the new file did not keep the owner and the access list of the old one' 'look with icacls' }
  if ($code -ne 0) {
    Clear-Trial
    Stop-Unsaved $code
  }
  $run.Changed = Get-Seconds
  Write-Line ('in place  fp=' + $run.Fresh + ' instead of fp=' + $run.OldPrint)
  if (-not (Set-Change)) {
    [void](Restore-Old)
    Stop-Foreign
    Stop-Run 11 'the collector did not accept the restart' 'fix the error above and run this again'
  }
}

function Start-Run {
  Read-Arguments
  Test-Machine
  $run.Since = Get-Seconds
  Test-Way
  Find-Collector
  if (-not $run.DryRun) {
    # Before anything is read: what another run is about to change is not what is there.
    Enter-Lock ([System.IO.Path]::Combine((Get-Folder $run.TokenFile), '.crossfade-rotate.lock'))
    Clear-Left
    Read-State
    Restore-Interrupted
  }
  Read-State
  Write-Readers
  Read-Given
  if (Test-Same $run.Token $run.Old) {
    $text = Read-Small (Get-Kept)
    if (-not $text) {
      Write-Line ('unchanged fp=' + $run.Fresh + ' is in place already')
      $run.Finished = $true
      exit 0
    }
    $run.OldText = $text
    $run.Old = Get-FirstLine $text
  }
  Test-Provider
  if ($run.Old -ceq '') { Set-First }
  $run.OldPrint = Get-Fingerprint $run.Old
  $next = Get-NextSecurity
  if (-not (Test-Reader $next)) {
    Stop-Run 11 ('the collector''s account (' + $run.Reader + ') could not read the new file; nothing was changed') `
      ('let that account read ' + (Get-Plain $run.TokenFile) + ', or name it with --owner')
  }
  if (-not (Update-Page)) { Stop-Run 6 ('the collector''s metrics do not answer at ' + (Get-Plain $run.Metrics)) 'start it, or give their URL with --metrics' }
  if (-not $run.DryRun) {
    Wait-Queue
    Wait-Way
  }
  $run.Failed = Get-Count 'send_failed'
  $run.Refused = Get-Count 'refused'
  Save-Standing
  if ($run.DryRun) {
    Write-Line ('would replace fp=' + $run.OldPrint + ' by fp=' + $run.Fresh + ' in ' + (Get-Plain $run.TokenFile))
    $run.Finished = $true
    exit 0
  }
  Set-Token $next
  Complete-Trial (Wait-Proof)
}

try { Start-Run } catch {
  if (-not $run.Finished) { Write-Problem ('ended early, by a full disk or a bug ' + (Get-Where $_)) }
  $run.Finished = $true
} finally {
  Complete-Run
  # Neither its own end nor a bug: it was interrupted.
  if (-not $run.Finished) { exit 130 }
}
exit 12
} $input $args
)
