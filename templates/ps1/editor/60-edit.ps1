# ---------------------------------------------------------------------------------------------------------------
# Edits: at a place, remove so many bytes and insert a text. EdApply makes the next generation from them.

function EdEdit($at, $out, $text) {
    $script:Ed.Edits.Add(@{ At = $at; Out = $out; Text = $text; Anchor = ''; End = 0; Path = '' })
}

function EdSortEdits {
    $edits = $script:Ed.Edits
    for ($i = 1; $i -lt $edits.Count; $i++) {
        $one = $edits[$i]
        for ($j = $i; $j -gt 0 -and $edits[$j - 1].At -gt $one.At; $j--) { $edits[$j] = $edits[$j - 1] }
        $edits[$j] = $one
    }
}

# Returns the next generation.
function EdApply {
    $s = $script:Ed
    EdSortEdits
    $out = [System.Text.StringBuilder]::new()
    $at = 1
    foreach ($edit in $s.Edits) {
        if ($edit.At -lt $at) { $s.Why = 'edits overlap' }
        elseif ($edit.At -gt $at) { [void]$out.Append($s.Text, $at - 1, $edit.At - $at) }
        [void]$out.Append($edit.Text)
        $at = $edit.At + $edit.Out
    }
    if ($at -le $s.Length) { [void]$out.Append($s.Text, $at - 1, $s.Length - $at + 1) }
    $s.Edits.Clear()
    return $out.ToString()
}

# ---------------------------------------------------------------------------------------------------------------
# Places in the text around an edit.

# Where the blanks begin that end just before a place, and where those end that begin at it.
function EdBlankStart($at) {
    $text = $script:Ed.Text
    $from = [Math]::Max(1, $at - 400)
    while ($at -gt $from -and ([int]$text[$at - 2] -eq 32 -or [int]$text[$at - 2] -eq 9)) { $at-- }
    return $at
}

function EdBlankEnd($at) {
    $s = $script:Ed
    $to = [Math]::Min($s.Length, $at + 400)
    while ($at -le $to -and ([int]$s.Text[$at - 1] -eq 32 -or [int]$s.Text[$at - 1] -eq 9)) { $at++ }
    return $at
}

# The length of the line end just before a place, or at it.
function EdBreakBefore($at) {
    $c = EdCode ($at - 1)
    if ($c -eq 10 -and (EdCode ($at - 2)) -eq 13) { return 2 }
    return [int]($c -eq 10 -or $c -eq 13)
}

function EdBreakAt($at) {
    $c = EdCode $at
    if ($c -eq 13 -and (EdCode ($at + 1)) -eq 10) { return 2 }
    return [int]($c -eq 10 -or $c -eq 13)
}

function EdHasBreak($text) { return $text.IndexOf([char]10) -ge 0 -or $text.IndexOf([char]13) -ge 0 }

function EdIsBlank($text) { return $text -cmatch '\A[ \t]*\z' }

# ---------------------------------------------------------------------------------------------------------------
# Records: what the undo needs.

function EdReadRecord($line) {
    $s = $script:Ed
    $field = $line.Split([char]9)
    if ($field.Length -lt 6) { return }
    $one = @{ Verb = $field[0]; Path = (EdUnescape $field[1]); Sum = $field[2]; A = (EdUnescape $field[3]); B = (EdUnescape $field[4]); C = (EdUnescape $field[5]) }
    $s.Records.Add($one)
    if (-not [string]::Equals($one.Verb, 'cut')) { $s.Ours[$one.Path] = $one }
}

# A checksum that tells whether a value is still the one that was set; too short to give the value away.
function EdSum($text) {
    $h = [long]1
    foreach ($c in $text.ToCharArray()) { $h = ($h * 1000003 + [int]$c) % 2147483647 }
    return "$h"
}

function EdSumOf($p, $text) { return EdSum ($p + "`t" + $text) }

# Whether this content is what the last set wrote, or the one before.
function EdMine($p, $text) {
    $s = $script:Ed
    if (-not $s.Ours.ContainsKey($p) -or [string]::Equals($s.Ours[$p].Verb, 'box')) { return $false }
    return (',' + $s.Ours[$p].Sum + ',').IndexOf(',' + (EdSumOf $p $text) + ',', [System.StringComparison]::Ordinal) -ge 0
}

# ---------------------------------------------------------------------------------------------------------------
# Removing members, for both set and undo.

function EdTakeOut($m, $record) {
    $s = $script:Ed
    $key = $m.Key
    $end = $m.End
    $from = $key - $record.A.Length
    $to = $end + $record.B.Length
    if (-not [string]::Equals((EdSlice $from ($key - 1)), $record.A)) { $from = 0 }
    if (-not [string]::Equals((EdSlice ($end + 1) $to), $record.B)) { $to = $end }
    if ([string]::Equals($m.Host, '#top')) { $from = $key }
    elseif (EdIsSection $m.Host) {
        if (-not $from) { $from = EdBlankStart $key }
        if ($to -eq $end -and (EdBreakBefore $from)) {
            $n = EdBreakAt (EdBlankEnd ($to + 1))
            if ($n) { $to = (EdBlankEnd ($to + 1)) + $n - 1 }
        }
    } else {
        # Of the commas around it the one behind goes if something stays behind, else the one before.
        $comma = $m.Comma
        if (-not (EdStays $m 'Next') -and (EdStays $m 'Prev')) { $comma = $m.Prev.Comma }
        if (-not $from) {
            # Laid out anew since: it goes with its own line, or with the blanks behind it.
            $k = EdBlankEnd ([Math]::Max($m.Comma, $end) + 1)
            $from = EdBlankStart $key
            if ((EdBreakAt $k) -or $k -eq $s.Close[$m.Host]) { $from = $from - (EdBreakBefore $from) } else { $from = $key }
        }
        if ($comma -eq $to + 1) { $to++ }
        elseif ($comma) { EdEdit $comma 1 '' }
    }
    if ($from -lt $s.Free) { $from = $s.Free }
    $s.Free = $to + 1
    EdEdit $from ($to - $from + 1) ''
}

function EdIsSection($container) { return $container.Length -gt 0 -and [int]$container[0] -eq 35 }

# The nearest member on one side that is not removed.
function EdStays($m, $side) {
    do { $m = $m[$side] } while ($m -and $script:Ed.Gone.ContainsKey($m.Number))
    return $m
}
