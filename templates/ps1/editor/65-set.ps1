# ---------------------------------------------------------------------------------------------------------------
# Mode set. Plan: see above. The record may hold values of the file as it was but none from the plan; before is the record of the last
# set, if there was one: then the new record leads back to the first original.

function EdReadSettings {
    $s = $script:Ed
    if (-not (EdReadRows)) { return $false }
    foreach ($line in $s.Before) { EdReadRecord $line }
    foreach ($one in $s.Records) {
        if ([string]::Equals($one.Verb, 'cut')) { continue }
        foreach ($drop in $s.Drops) { if (EdWithin $one.Path $drop) { EdWanted $one.Path } }
    }
    return $true
}

function EdSetAll {
    $s = $script:Ed
    if ((EdOddOne).Length -gt 0) { return EdRefuseOdd }
    EdKeepTables
    EdAcceptJoined
    EdJoinValues
    $isNew = $false
    foreach ($pass in 'EdRetire', 'EdCutForeign') {
        & $pass
        if ($s.Edits.Count -eq 0) { continue }
        $isNew = $true
        if (-not (EdParse (EdApply) $null)) { return EdRefuse 4 ($s.File + ': nothing valid is left') }
    }
    EdSetValues
    if ($s.Why.Length -gt 0) { return EdRefuse 3 ($s.File + ':' + $s.Why) }
    if ($s.Edits.Count -gt 0) { $isNew = $true }
    if (-not $isNew) { return 1 }
    if (-not (EdVerified (EdApply))) { return EdRefuse 4 ($s.File + ': the result did not stand the check') }
    foreach ($p in $s.Sets) { if (-not [string]::Equals((EdContent $p), (EdTarget $p))) { return EdRefuse 4 ($s.File + ': a value is not in the result') } }
    foreach ($m in $s.Members) { if (EdDoomed $m.Path) { return EdRefuse 4 ($s.File + ': a dropped key is in the result') } }
    EdCarryRecords
    return 0
}

# Puts the owner's value before ours. Where ours has changed, the owner's is in the record; where the owner wrote behind ours, it is what
# is left without ours.
function EdJoinValues {
    $s = $script:Ed
    foreach ($p in $s.Sets) {
        if (-not $s.Join.ContainsKey($p)) { continue }
        $v = EdContent $p
        if (-not (EdStarts $v "string`t") -or [string]::Equals($v, (EdTarget $p))) { continue }
        $owners = ''
        if (-not (EdMine $p $v)) {
            $owners = EdWithout $v.Substring(7) $s.SetValue[$p]
            if (-not [string]::Equals($owners, $v.Substring(7))) { $s.Owners[$p] = $owners }
        } elseif ([string]::Equals($s.Ours[$p].Verb, 'was') -and $s.Ours[$p].A -cmatch '\A["'']') {
            $owners = EdPlain $s.Ours[$p].A
        }
        if ($owners.Length -gt 0) { $s.SetValue[$p] = $owners + ',' + $s.SetValue[$p] }
    }
}

# A list without one of its parts.
function EdWithout($list, $ours) {
    $list = ",$list,"
    $part = ",$ours,"
    for (;;) {
        $at = $list.IndexOf($part, [System.StringComparison]::Ordinal)
        if ($at -lt 0) { break }
        $list = $list.Substring(0, $at + 1) + $list.Substring($at + $part.Length)
    }
    if ($list.Length -lt 3) { return '' }
    return $list.Substring(1, $list.Length - 2)
}

# Records of the last set that this one did not replace stay valid.
function EdCarryRecords {
    $s = $script:Ed
    foreach ($one in $s.Records) {
        $id = $one.Path
        if ([string]::Equals($one.Verb, 'cut')) { $id = 'cut' + $id }
        if ($s.New.ContainsKey($id)) { continue }
        if (-not [string]::Equals($one.Verb, 'box') -or $s.Kind.ContainsKey($one.Path)) { EdRecord $one.Verb $one.Path $one.Sum $one.A $one.B $one.C }
    }
}

function EdRecord($verb, $p, $check, $a, $b, $c) {
    $script:Ed.Record.Add($verb + "`t" + (EdOneLine $p) + "`t" + $check + "`t" + (EdOneLine $a) + "`t" + (EdOneLine $b) + "`t" + (EdOneLine $c))
}

# ---------------------------------------------------------------------------------------------------------------
# First pass: what drop names and the plan does not set is cut out.

# What the last set wrote and this one drops is not foreign: it is removed, or becomes what it was, before anything is cut and recorded.
# Its record stays: a run can be killed before the file is replaced.
function EdRetire {
    $s = $script:Ed
    $s.Gone = @{}
    $s.Free = 0
    foreach ($one in $s.Records) {
        $p = $one.Path
        if ($one.Verb -cnotmatch '\A(?:put|was)\z' -or -not $s.Member.ContainsKey($p) -or -not (EdDoomed $p) -or -not (EdMine $p (EdContent $p))) { continue }
        $m = $s.Member[$p]
        if ([string]::Equals($one.Verb, 'was')) { EdEdit $m.Val ($m.End - $m.Val + 1) $one.A } else { $s.Gone[$m.Number] = $one }
    }
    foreach ($m in $s.Members) { if ($s.Gone.ContainsKey($m.Number)) { EdTakeOut $m $s.Gone[$m.Number] } }
}

function EdCutForeign {
    $s = $script:Ed
    $end = 0
    $s.Gone = @{}
    $s.Held = EdMap
    $s.HeldEnd = EdMap
    foreach ($m in $s.Members) {
        if ($m.Key -le $end -or -not (EdDoomed $m.Path)) { continue }
        $s.Gone[$m.Number] = 1
        $end = if (EdIsSection $m.Host) { EdCutLine $m } else { EdCutInside $m $end }
    }
    EdSortEdits
    EdRecordCuts
}

# A statement or a header goes with its line; its place is told from what stands above it.
function EdCutLine($m) {
    $s = $script:Ed
    $anchor = $m.Above
    $k = $m.AboveEnd
    if ($s.Held.ContainsKey($anchor)) {
        $k = $s.HeldEnd[$anchor]
        $anchor = $s.Held[$anchor]
    }
    $s.Held[$m.Id] = $anchor
    $s.HeldEnd[$m.Id] = $k
    $to = $m.Line - 1
    EdCut (EdBlankStart $m.Key) $to $m.Path $anchor $k
    return $to
}

# A member with lines of its own goes with them, any other with the blanks on one side.
function EdCutInside($m, $end) {
    $s = $script:Ed
    $k = EdStays $m 'Prev'
    $comma = $m.Comma
    $anchor = if ($k) { $k.Id } else { $m.Host + '{' }
    $from = EdBlankStart $m.Key
    $to = [Math]::Max($comma, $m.End)
    if ((EdBreakBefore $from) -and (EdBreakAt (EdBlankEnd ($to + 1)))) {
        $to = EdBlankEnd ($to + 1)
        $to += (EdBreakAt $to) - 1
    } elseif ($comma) {
        $from = $m.Key
        $to = (EdBlankEnd ($to + 1)) - 1
    }
    if ($from -le $end) { $from = $end + 1 }
    if (-not $comma -and $k -and $k.Comma) { EdCut $k.Comma $k.Comma $m.Path $anchor ($k.End + 1) }
    EdCut $from $to $m.Path $anchor $(if ($k) { $k.End + 1 } else { $s.Open[$m.Host] + 1 })
    return $to
}

function EdCut($from, $to, $p, $anchor, $end) {
    $s = $script:Ed
    EdEdit $from ($to - $from + 1) ''
    $edit = $s.Edits[$s.Edits.Count - 1]
    $edit.Anchor = $anchor
    $edit.End = $end
    $edit.Path = $p
    $s.New['cut' + $p] = 1
}

# The place of a cut is its anchor and the text between the two, without other cuts.
function EdRecordCuts {
    $s = $script:Ed
    $anchor = ''
    $at = 1
    $gap = ''
    foreach ($edit in $s.Edits) {
        if (-not [string]::Equals($edit.Anchor, $anchor)) {
            $anchor = $edit.Anchor
            $at = $edit.End
            $gap = ''
        }
        $gap = $gap + (EdSlice $at ($edit.At - 1))
        $at = $edit.At + $edit.Out
        EdRecord 'cut' $edit.Path (EdSum $gap) $anchor "$($gap.Length)" (EdSlice $edit.At ($at - 1))
    }
}

# ---------------------------------------------------------------------------------------------------------------
# Second pass: values are replaced where they are, or put in.

function EdSetValues {
    $s = $script:Ed
    EdFindStyle
    $s.Done = EdMap
    foreach ($p in $s.Sets) {
        for ($q = EdUp $p; ; $q = EdUp $q) {
            if ($s.Kind.ContainsKey($q) -and -not $s.Tabular.ContainsKey($s.Kind[$q])) { return EdFail $s.Where[$q] ('not a table: ' + $q) }
            if ($q.Length -eq 0) { break }
        }
        if (-not $s.Kind.ContainsKey($p)) { $s.Missing.Add($p); continue }
        if (-not (EdIsSingle $p)) { return EdFail $s.Where[$p] ('not a single value: ' + $p) }
        $old = EdContent $p
        if ([string]::Equals($old, (EdTarget $p))) { continue }
        $m = $s.Member[$p]
        EdEdit $m.Val ($m.End - $m.Val + 1) (EdLiteral $p)
        $s.New[$p] = 1
        $sum = EdSumOf $p (EdTarget $p)
        if (-not (EdMine $p $old)) {
            $was = if ($s.Owners.ContainsKey($p)) { EdQuote $s.Owners[$p] } else { EdSlice $m.Val $m.End }
            EdRecord 'was' $p $sum $was '' ''
        } else {
            # With the sum of what it replaces, too: the record is written before the file, and a run can be killed between the two.
            $one = $s.Ours[$p]
            EdRecord $one.Verb $p ($sum + ',' + (EdSumOf $p $old)) $one.A $one.B $one.C
        }
    }
    if ($s.Missing.Count -eq 0) { return }
    if ($s.IsToml) { EdInsertToml } else { EdInsertJson }
}

function EdLiteral($p) {
    $s = $script:Ed
    if ([string]::Equals($s.SetType[$p], 'string')) { return EdQuote $s.SetValue[$p] }
    return $s.SetValue[$p]
}

# Puts in a member of a container that has braces: records it and returns its text. Gap is what goes before each key.
function EdFresh($p, $gap) {
    $s = $script:Ed
    $text = ''
    if ($p.Length -gt 0) { $text = (EdWritten (EdNameOf $p)) + $s.Colon }
    if ($s.SetType.ContainsKey($p)) { return $text + (EdLiteral $p) }
    $hasLines = EdHasBreak $gap
    $inner = if ($hasLines) { $gap + $s.Unit } elseif (EdEndsBlank $s.Colon) { ' ' } else { '' }
    $out = ''
    foreach ($one in $s.Sets) {
        if (-not (EdBelow $one $p)) { continue }
        $c = EdStep $one $p
        if ($s.Done.ContainsKey($c)) { continue }
        $s.Done[$c] = 1
        EdEnter $c $inner ''
        if ($out.Length -gt 0) { $out = $out + ',' + $inner } elseif ($hasLines -or $s.IsToml) { $out = $inner }
        $out = $out + (EdFresh $c $inner)
    }
    $last = if ($hasLines) { $gap } elseif ($s.IsToml) { ' ' } else { '' }
    return $text + '{' + $out + $last + '}'
}

function EdEndsBlank($text) { return $text.Length -gt 0 -and [int]$text[$text.Length - 1] -eq 32 }

function EdEnter($p, $before, $after) {
    $s = $script:Ed
    $s.New[$p] = 1
    if ($s.SetType.ContainsKey($p)) { EdRecord 'put' $p (EdSumOf $p (EdTarget $p)) $before $after '' } else { EdRecord 'box' $p '' $before $after '' }
}

function EdWritten($name) {
    if ($script:Ed.IsToml -and $name -cmatch '\A[A-Za-z0-9_-]+\z') { return $name }
    return EdQuote $name
}

function EdQuote($text) {
    $out = [System.Text.StringBuilder]::new()
    [void]$out.Append([char]34)
    $short = $script:Ed.Short
    foreach ($char in $text.ToCharArray()) {
        $c = [int]$char
        if ($c -ge 32 -and $c -ne 34 -and $c -ne 92 -and $c -ne 127) { [void]$out.Append($char) }
        elseif ($short.ContainsKey($c)) { [void]$out.Append($short[$c]) }
        else { [void]$out.Append('\u').Append($c.ToString('X4', [System.Globalization.CultureInfo]::InvariantCulture)) }
    }
    [void]$out.Append([char]34)
    return $out.ToString()
}

# The pointer just below top on the way to p.
function EdStep($p, $top) {
    $end = $p.IndexOf([char]47, $top.Length + 1)
    if ($end -lt 0) { return $p }
    return $p.Substring(0, $end)
}

function EdInsertJson {
    $s = $script:Ed
    if (-not $s.Kind.ContainsKey('')) {
        $after = if ($s.Length -gt 0) { '' } else { $s.Eol }
        EdEnter '' '' $after
        EdEdit 1 0 ((EdFresh '' $s.Eol) + $after)
        return
    }
    foreach ($p in $s.Missing) { if (-not $s.Done.ContainsKey($p)) { EdAddMembers (EdNearest $p) } }
}

# The deepest container on the way to p that exists.
function EdNearest($p) {
    do { $p = EdUp $p } while (-not $script:Ed.Kind.ContainsKey($p))
    return $p
}
