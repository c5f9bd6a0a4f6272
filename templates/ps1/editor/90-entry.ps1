# ---------------------------------------------------------------------------------------------------------------
# Entry.

function Invoke-Editor($mode, $format, $rows, $text, $before = @(), $file = 'file') {
    EdStart $mode $format $rows $before $file
    $s = $script:Ed
    $code = 2
    if (-not $s.Modes.ContainsKey("$mode") -or -not $s.Formats.ContainsKey("$format") -or $text -cmatch '[^\x00-\xff]') {
        EdTell 'edit: wrong use'
    } elseif (-not (EdLoad $text)) {
        $code = EdRefuse 3 ($file + ':1:1: ' + $s.Why)
    } else {
        $code = EdRun
    }
    return EdResult $code
}

function EdResult($code) {
    $s = $script:Ed
    $edited = $code -eq 0 -and ($s.Mode -eq 'set' -or $s.Mode -eq 'undo')
    $record = @()
    if ($edited -and $s.Mode -eq 'set') { $record = @("crossfade-undo`t1`t" + $s.Format) + $s.Record.ToArray() }
    return @{
        Code = [int]$code
        Text = $(if ($edited) { $s.Mark + $s.Text } else { $null })
        Lines = $s.Answers.ToArray()
        Record = $record
        Messages = $s.Messages.ToArray()
    }
}
