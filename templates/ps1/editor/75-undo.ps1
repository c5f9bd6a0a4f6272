# ---------------------------------------------------------------------------------------------------------------
# Mode undo. Plan: the record that set wrote. Takes back what is still as set wrote it.
# Messages: "kept POINTER" for what was changed since, "lost POINTER" for a dropped key whose place no longer exists.

function EdReadRecords {
    $s = $script:Ed
    foreach ($row in $s.Rows) { if (-not (EdStarts $row "crossfade-undo`t")) { EdReadRecord $row } }
    foreach ($one in $s.Records) {
        EdWanted $one.Path
        if (-not [string]::Equals($one.Verb, 'box')) { $s.Silent[$one.Path] = 1 }
        if ([string]::Equals($one.Verb, 'cut')) { $s.Anchor[$one.A] = 0 }
    }
    return $true
}

function EdUndoAll {
    $s = $script:Ed
    $isNew = $false
    EdTakeBack
    if ($s.Edits.Count -gt 0) {
        $isNew = $true
        if (-not (EdParse (EdApply) $null)) { return EdRefuse 4 ($s.File + ': nothing valid is left') }
    } else { [void](EdParse $s.Text $null) }
    $whole = $s.Text
    EdPutBack
    if ($s.Edits.Count -gt 0) {
        if (EdVerified (EdApply)) { return 0 }
        # What was dropped no longer fits; the rest of the undo does.
        $s.Why = ''
        foreach ($one in $s.Records) { if ([string]::Equals($one.Verb, 'cut')) { EdLose $one.Path } }
    }
    if (-not (EdVerified $whole)) { return EdRefuse 4 ($s.File + ': the result did not stand the check') }
    return [int](-not $isNew)
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: our values are removed, or become what they were; containers that set made are removed when nothing else is in them.

function EdTakeBack {
    $s = $script:Ed
    $s.Gone = @{}
    foreach ($one in $s.Records) {
        $p = $one.Path
        if ($one.Verb -cmatch '\A(?:cut|box)\z' -or -not $s.Member.ContainsKey($p)) { continue }
        $m = $s.Member[$p]
        if (-not (EdMine $p (EdContent $p))) { EdTell ('kept ' + $p) }
        elseif ([string]::Equals($one.Verb, 'was')) { EdEdit $m.Val ($m.End - $m.Val + 1) $one.A }
        else { $s.Gone[$m.Number] = $one }
    }
    for ($i = $s.Records.Count - 1; $i -ge 0; $i--) {
        $one = $s.Records[$i]
        $p = $one.Path
        if ([string]::Equals($one.Verb, 'box') -and $s.Member.ContainsKey($p) -and $s.Inside.ContainsKey($p) -and (EdHollow $p)) { $s.Gone[$s.Member[$p].Number] = $one }
    }
    $s.Free = 0
    foreach ($m in $s.Members) { if ($s.Gone.ContainsKey($m.Number) -and $m.Key -ge $s.Free) { EdTakeOut $m $s.Gone[$m.Number] } }
}

# Whether nothing but ours is in it. A comment in braces is not ours.
function EdHollow($p) {
    $s = $script:Ed
    $container = $s.Inside[$p]
    $rest = ''
    $at = 0
    if (-not (EdIsSection $container)) { $at = $s.Open[$p] + 1 }
    foreach ($m in $s.Members) {
        if (-not [string]::Equals($m.Host, $container)) { continue }
        if (-not $s.Gone.ContainsKey($m.Number)) { return $false }
        if ($at) {
            $rest = $rest + (EdSlice $at ($m.Key - 1))
            $at = $m.End + 1
        }
    }
    if ($at) { $rest = $rest + (EdSlice $at ($s.Close[$p] - 1)) }
    return $rest -cmatch '\A[ \t\r\n,]*\z'
}

# ---------------------------------------------------------------------------------------------------------------
# Second pass: what was cut goes back to its place; at each place everything or nothing.

function EdPutBack {
    $s = $script:Ed
    $anchor = $s.Anchor
    foreach ($m in $s.Members) { if ($anchor.ContainsKey($m.Id) -and -not (EdIsSection $m.Host)) { $anchor[$m.Id] = $m.End + 1 } }
    foreach ($p in $s.Open.get_Keys()) { $anchor[$p + '{'] = $s.Open[$p] + 1 }
    $anchor['^'] = 1
    foreach ($one in $s.Records) {
        if (-not [string]::Equals($one.Verb, 'cut')) { continue }
        $at = $anchor[$one.A]
        if (-not $at -or $s.Kind.ContainsKey($one.Path) -or -not [string]::Equals((EdSum (EdSlice $at ($at + (EdCount $one.B) - 1))), $one.Sum)) { $anchor[$one.A] = 0 }
    }
    foreach ($one in $s.Records) {
        if (-not [string]::Equals($one.Verb, 'cut')) { continue }
        if (-not $anchor[$one.A]) { EdLose $one.Path } else { EdEdit ($anchor[$one.A] + (EdCount $one.B)) 0 $one.C }
    }
}

function EdCount($text) {
    $n = 0
    if ([int]::TryParse($text, [ref]$n)) { return $n }
    return 0
}

function EdLose($p) {
    $s = $script:Ed
    if ($s.Lost.ContainsKey($p)) { return }
    $s.Lost[$p] = 1
    $word = if ($s.Kind.ContainsKey($p)) { 'kept ' } else { 'lost ' }
    EdTell ($word + $p)
}
