# ---------------------------------------------------------------------------------------------------------------
# The whole. EdRun leaves the result in Text, the record in Record, messages in Messages, and returns the code.

function EdTell($message) { $script:Ed.Messages.Add((EdOneLine $message)) }

function EdRefuse($code, $message) {
    EdTell ('edit: ' + $message)
    return $code
}

# The letters of a text as keys.
function EdSet($names) {
    $set = EdMap
    foreach ($name in $names) { $set[$name] = 1 }
    return $set
}

function EdFlags($codes) {
    $flags = [bool[]]::new(256)
    foreach ($code in $codes) { $flags[$code] = $true }
    return , $flags
}

function EdStart($mode, $format, $rows, $before, $file) {
    $s = @{ Mode = "$mode"; Format = "$format"; File = $file; Rows = @($rows); Before = @($before); IsToml = [string]::Equals($format, 'toml') }
    $script:Ed = $s
    $s.Modes = @{ get = 'EdReadQuestions', 'EdAnswer'; same = 'EdReadRows', 'EdCompare'; set = 'EdReadSettings', 'EdSetAll'; undo = 'EdReadRecords', 'EdUndoAll' }
    $s.Formats = EdSet @('json', 'jsonc', 'toml')
    $s.Headed = EdSet @('table', 'implicit', 'dotted')
    $s.Tabular = EdSet @('object', 'table', 'implicit', 'dotted')
    $s.KindWords = EdMap
    foreach ($pair in @(@('int', 'number'), @('float', 'number'), @('bool', 'boolean'), @('array', 'list'), @('tables', 'list'), @('table', 'object'), @('implicit', 'object'), @('dotted', 'object'))) { $s.KindWords[$pair[0]] = $pair[1] }
    $s.OddsAt = 0
    $s.Boxes = EdSet @('object', 'array', 'table')
    foreach ($name in 'Want', 'Silent', 'Need', 'SetType', 'SetValue', 'Anchor', 'Keep', 'Join', 'Kinds', 'Star', 'Only', 'Form', 'Owners', 'Ours', 'New', 'Lost', 'Done') { $s[$name] = EdMap }
    foreach ($name in 'Sets', 'Drops', 'Record', 'Messages', 'Asked', 'Answers', 'Missing') { $s[$name] = [System.Collections.Generic.List[string]]::new() }
    foreach ($name in 'Records', 'Edits') { $s[$name] = [System.Collections.Generic.List[object]]::new() }
    foreach ($name in 'Text', 'Mark', 'Why', 'Odds', 'Path', 'Eol', 'Unit', 'Colon') { $s[$name] = '' }
    foreach ($name in 'Length', 'Pos', 'NameEnd', 'ValueEnd', 'Free') { $s[$name] = 0 }
    foreach ($name in 'Pattern', 'Foreign', 'Gone', 'Held', 'HeldEnd') { $s[$name] = $null }
    $s.Hush = $false
    $s.RunsOn = $false
    $s.Token = [System.Text.RegularExpressions.Match]::Empty
    foreach ($name in 'StackOpen', 'StackCount') { $s[$name] = [int[]]::new(202) }
    $s.StackMember = [object[]]::new(202)
    foreach ($name in 'StackHush', 'StackWanted') { $s[$name] = [bool[]]::new(202) }
    $s.StackPath = [string[]]::new(202)
    EdStartTables
}

function EdStartTables {
    $s = $script:Ed
    $s.Letters = @{ 98 = "`b"; 102 = "`f"; 110 = "`n"; 114 = "`r"; 116 = "`t"; 34 = '"'; 92 = '\'; 47 = '/' }
    $s.Short = @{ 8 = '\b'; 12 = '\f'; 10 = '\n'; 13 = '\r'; 9 = '\t'; 34 = '\"'; 92 = '\\' }
    $s.Odd = [char[]]@(92, 126, 47)
    $s.Spaces = EdFlags @(9, 10, 13, 32)
    $s.Bare = EdFlags (@(45, 95) + (48..57) + (65..90) + (97..122))
    if ($s.IsToml) { $s.Trivia = EdFlags @(10, 13, 35) }
    elseif ($s.Format -eq 'jsonc') { $s.Trivia = EdFlags @(9, 10, 13, 32, 47) }
    else { $s.Trivia = EdFlags @(9, 10, 13, 32) }
}

function EdRun {
    $s = $script:Ed
    EdWanted ''
    $plan, $work = $s.Modes[$s.Mode]
    if (-not (& $plan)) { return EdRefuse 2 'the plan is not understood' }
    if ($s.Mode -eq 'set' -or $s.Mode -eq 'undo') { $s.Foreign = [System.Collections.Generic.List[string]]::new() }
    $isRead = EdParse $s.Text $s.Foreign
    while ($isRead -and $s.Star.Count -gt 0 -and (EdUnstar)) {
        if ($null -ne $s.Foreign) { $s.Foreign.Clear() }
        $isRead = EdParse $s.Text $s.Foreign
    }
    if (-not $isRead) { return EdRefuse 3 ($s.File + ':' + $s.Why) }
    return & $work
}
