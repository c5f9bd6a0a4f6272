# ---------------------------------------------------------------------------------------------------------------
# Mode set: where new keys go, and in which style.

# Line end, indentation and colon as the file has them.
function EdFindStyle {
    $s = $script:Ed
    $s.Eol = "`n"
    $s.Unit = '  '
    $s.Colon = if ($s.IsToml) { ' = ' } else { ': ' }
    $at = 1 + $s.Text.IndexOfAny([char[]]@(10, 13))
    if ($at -gt 0) { $s.Eol = EdSlice $at ($at + (EdBreakAt $at) - 1) }
    if ($s.HasComments -and [string]::Equals($s.Eol, "`r")) { $s.Eol = "`n" }
    if (-not $s.First.ContainsKey('')) { return }
    $m = $s.First['']
    $s.Colon = EdColon $m
    $lead = EdSlice (EdBlankStart $m.Key) ($m.Key - 1)
    if ($lead.Length -gt 0 -and (EdBreakBefore ($m.Key - $lead.Length))) { $s.Unit = $lead }
}

function EdColon($m) {
    $s = $script:Ed
    $text = EdSlice ($m.Name + 1) ($m.Val - 1)
    if ($s.IsToml) {
        if ([string]::Equals($text, '=')) { return $text }
        return ' = '
    }
    if ($text -cmatch '\A ?: ?\z') { return $text }
    return ': '
}

# The blanks at the start of the line that holds a place.
function EdIndentAt($at) {
    $a = $at
    while ($a -gt 1 -and $at - $a -lt 4096 -and -not (EdHasBreak (EdSlice ($a - 1) ($a - 1)))) { $a-- }
    $end = [Math]::Min((EdBlankEnd $a), $at)
    return EdSlice $a ($end - 1)
}

# The end of the comments that follow on the line; with lines, of all that follow. Sets RunsOn if the last one ends with its line.
function EdAfterComments($at, $lines) {
    $s = $script:Ed
    $s.RunsOn = $false
    if ($s.Format -ne 'jsonc') { return $at }
    $blanks = if ($lines) { '[ \t\r\n]+' } else { '[ \t]+' }
    $found = [System.Text.RegularExpressions.Regex]::Match((EdSlice $at $s.Length), '\A(?:' + $blanks + '|(//[^\r\n]*|/\*(?>(?:[^*]+|\*(?!/))*)\*/))*')
    $comment = $found.Groups[1]
    if (-not $comment.Success) { return $at }
    $s.RunsOn = EdStarts $comment.Value '//'
    return $at + $comment.Index + $comment.Length
}

# Puts everything that is missing in the container a behind its last member.
function EdAddMembers($a) {
    $s = $script:Ed
    $where = if ($s.Last.ContainsKey($a)) { EdBehindLast $a } else { EdInEmpty $a }
    $steps = [System.Collections.Generic.List[string]]::new()
    foreach ($p in $s.Missing) {
        if (-not [string]::Equals((EdHostOf $p), $a)) { continue }
        $c = if ([string]::Equals((EdNearest $p), $a)) { EdStep $p $a } else { $p }
        if ($s.Done.ContainsKey($c)) { continue }
        $s.Done[$c] = 1
        $steps.Add($c)
    }
    # The inner calls of EdFresh write their records between, so the order of a container stays that of the text.
    $text = ''
    for ($i = 0; $i -lt $steps.Count; $i++) {
        $c = $steps[$i]
        EdEnter $c $where.Gap $(if ($i -eq $steps.Count - 1) { $where.Tail } else { '' })
        if ($i -gt 0) { $text = $text + ',' }
        $member = if ([string]::Equals((EdUp $c), $a)) { EdFresh $c $where.Gap } else { (EdDotted $c $a) + $s.Colon + (EdLiteral $c) }
        $text = $text + $where.Gap + $member
    }
    EdEdit $where.At 0 ($text + $where.Tail)
}

function EdBehindLast($a) {
    $s = $script:Ed
    $m = $s.Last[$a]
    $before = $m.Prev
    $s.Colon = EdColon $m
    $lead = EdSlice ($(if ($before) { $before.Comma } else { $s.Open[$a] }) + 1) ($m.Key - 1)
    $at = EdAfterComments ($m.End + 1) $false
    if ($s.RunsOn -or (EdHasBreak $lead)) { $gap = $s.Eol + (EdIndentAt $m.Key) }
    elseif ($before -and (EdIsBlank $lead)) { $gap = $lead }
    else { $gap = if ($s.IsToml -or (EdEndsBlank $s.Colon)) { ' ' } else { '' } }
    EdEdit ($m.End + 1) 0 ','
    return @{ At = $at; Gap = $gap; Tail = '' }
}

function EdInEmpty($a) {
    $s = $script:Ed
    $at = EdAfterComments ($s.Open[$a] + 1) $true
    $inside = EdSlice ($s.Open[$a] + 1) ($s.Close[$a] - 1)
    $rest = EdSlice $at ($s.Close[$a] - 1)
    $hasLines = -not $s.IsToml -and ($a.Length -eq 0 -or $s.RunsOn -or (EdHasBreak $inside) -or (EdBreakBefore (EdBlankStart $s.Member[$a].Key)))
    if ($hasLines) {
        $indent = $s.Eol + (EdIndentAt $s.Open[$a])
        return @{ At = $at; Gap = $indent + $s.Unit; Tail = $(if (EdHasBreak $rest) { '' } else { $indent }) }
    }
    $gap = if ($inside.Length -gt 0 -and (EdIsBlank $inside)) { $inside } elseif ($s.IsToml) { ' ' } else { '' }
    return @{ At = $at; Gap = $gap; Tail = $(if ($s.IsToml -and $rest.Length -eq 0) { ' ' } else { '' }) }
}

# Where a missing pointer goes: a container with braces, a section ("#2"), or a section to be made ("+/a/b").
function EdHostOf($p) {
    $s = $script:Ed
    $a = EdNearest $p
    $kind = $s.Kind[$a]
    if ($kind -eq 'object') { return $a }
    if ($kind -eq 'dotted') { return $s.Host[$a] }
    if ($kind -eq 'table' -and [string]::Equals($a, (EdUp $p))) { return $s.Inside[$a] }
    return '+' + (EdUp $p)
}

function EdDotted($p, $top) {
    $out = ''
    while (-not [string]::Equals($p, $top)) {
        $name = EdWritten (EdNameOf $p)
        $out = if ($out.Length -gt 0) { $name + '.' + $out } else { $name }
        $p = EdUp $p
    }
    return $out
}

function EdInsertToml {
    $s = $script:Ed
    $sections = [System.Collections.Generic.List[string]]::new()
    foreach ($p in $s.Missing) {
        $container = EdHostOf $p
        if (EdIsSection $container) { EdAddLine $p $container }
        elseif ((EdStarts $container '/') -and -not $s.Done.ContainsKey($p)) { EdAddMembers $container }
    }
    foreach ($p in $s.Missing) {
        $container = EdHostOf $p
        if (-not (EdStarts $container '+') -or $s.Done.ContainsKey($container)) { continue }
        EdAddSection $container.Substring(1) ($sections.Count -gt 0)
        $s.Done[$container] = 1
        $sections.Add($container)
    }
}

function EdUnfinished {
    $s = $script:Ed
    return $s.Length -gt 0 -and (EdCode $s.Length) -ne 10
}

# A statement below the last one of its section, with the same indentation.
function EdAddLine($p, $section) {
    $s = $script:Ed
    $hasLast = $s.Last.ContainsKey($section)
    $m = $null
    if ($hasLast) { $m = $s.Last[$section] } elseif (-not [string]::Equals($section, '#0')) { $m = $s.Member[$s.Base[$section]] }
    $at = if ($m) { $m.Line } elseif ($s.Sections) { 1 } else { $s.Length + 1 }
    $before = ''
    if ($m) { $before = EdSlice (EdBlankStart $m.Key) ($m.Key - 1) }
    $after = $s.Eol
    if ($at -gt $s.Length -and (EdUnfinished)) {
        $before = $s.Eol + $before
        $after = ''
    }
    $s.Colon = if ($hasLast) { EdColon $m } else { ' = ' }
    EdEnter $p $before $after
    EdEdit $at 0 ($before + (EdDotted $p $s.Base[$section]) + $s.Colon + (EdLiteral $p) + $after)
}

# A new section at the end of the file.
function EdAddSection($p, $follows) {
    $s = $script:Ed
    $isUnfinished = EdUnfinished
    $end = if ($isUnfinished) { '' } else { $s.Eol }
    $break = if ($isUnfinished) { $s.Eol } else { '' }
    $lead = $s.Eol
    if ($isUnfinished) { $lead = $s.Eol + $s.Eol }
    elseif (-not $follows -and ($s.Length -eq 0 -or (EdSlice ($s.Length - 2) $s.Length) -cmatch '\n\r?\n\z')) { $lead = '' }
    EdEnter $p $lead $end
    $text = $lead + '[' + (EdDotted $p '') + ']' + $end
    foreach ($one in $s.Missing) {
        if (-not [string]::Equals((EdUp $one), $p)) { continue }
        EdEnter $one $break $end
        $text = $text + $break + (EdWritten (EdNameOf $one)) + ' = ' + (EdLiteral $one) + $end
    }
    EdEdit ($s.Length + 1) 0 $text
}
