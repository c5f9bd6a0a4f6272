# ---------------------------------------------------------------------------------------------------------------
# TOML. A section is a header and the statements below it; "#0" is what stands above the first header.

function EdToml {
    $s = $script:Ed
    $s.Kind[''] = 'table'; $s.Inside[''] = '#0'; $s.Base['#0'] = ''
    $s.Table = ''; $s.Section = '#0'; $s.Listed = '#0'; $s.Quiet = $false
    $above = '^'
    $aboveEnd = 1
    while ($s.Why.Length -eq 0) {
        EdSpace
        if (-not $s.Token.Success) { return }
        $m = if ((EdCode (EdAt)) -eq 91) { EdHeader } else { EdStatement }
        if ($s.Why.Length -gt 0) { return }
        if ((EdCode (EdAt)) -eq 35) { EdComment }
        $at = EdLineEnd
        if ($s.Why.Length -gt 0) { return }
        if ($m) { $m.Line = $at; $m.Above = $above; $m.AboveEnd = $aboveEnd; $m.Id = $m.Path }
        $above = $s.Path
        $aboveEnd = $at
        if ($s.Anchor.ContainsKey($above)) { $s.Anchor[$above] = $at }
    }
}

# Returns where the next line begins.
function EdLineEnd {
    $s = $script:Ed
    $at = EdAt
    $c = EdCode $at
    if ($c -eq 10) { $at++ }
    elseif ($c -eq 13 -and (EdCode ($at + 1)) -eq 10) { $at += 2 }
    elseif ($c -ge 0) { EdFail $at 'a carriage return alone does not end a line' }
    $s.Token = $s.Token.NextMatch()
    return $at
}

function EdStatement {
    $s = $script:Ed
    $s.Hush = $s.Quiet
    $m = EdKey $s.Table $s.Section
    if ($s.Why.Length -gt 0) { return $null }
    $path = $s.Path
    EdValue $path $s.Hush
    if ($m) { $m.End = $s.ValueEnd }
    $s.Path = $path
    return $m
}

function EdHeader {
    $s = $script:Ed
    $at = EdAt
    $isList = (EdCode ($at + 1)) -eq 91
    $s.Hush = $false
    $s.Pos = $at + 1 + [int]$isList
    $p = ''
    for ($n = 1; ; $n++) {
        EdBlanks
        if ($n -gt 200) { EdFail $s.Pos 'nested too deeply'; return $null }
        $p = $p + '/' + (EdPart)
        if ($s.Why.Length -gt 0) { return $null }
        EdBlanks
        if ($s.Silent.ContainsKey($p)) { $s.Hush = $true }
        if ((EdCode $s.Pos) -ne 46) { break }
        if (-not $s.Kind.ContainsKey($p)) { EdBorn $p 'implicit' $at }
        elseif ($s.Kind[$p] -eq 'tables') { $p = $p + '/' + ($s.Tables[$p] - 1) }
        elseif (-not $s.Headed.ContainsKey($s.Kind[$p])) { EdFail $at 'a table below a value'; return $null }
        $s.Pos++
    }
    if ($isList) {
        if (-not $s.Kind.ContainsKey($p)) { EdBorn $p 'tables' $at; $s.Tables[$p] = 0 }
        elseif ($s.Kind[$p] -ne 'tables') { EdFail $at 'this table is there twice'; return $null }
        $s.Tables[$p]++
        $p = $p + '/' + ($s.Tables[$p] - 1)
    } elseif ($s.Kind.ContainsKey($p) -and $s.Kind[$p] -ne 'implicit') { EdFail $at 'this table is there twice'; return $null }
    EdBorn $p 'table' $at
    if ((EdCode $s.Pos) -ne 93 -or ($isList -and (EdCode ($s.Pos + 1)) -ne 93)) { EdFail $s.Pos 'expected the end of the header'; return $null }
    $s.Pos += 1 + [int]$isList
    return EdSectionBegins $p $at ($s.Pos - 1)
}

function EdSectionBegins($p, $at, $end) {
    $s = $script:Ed
    EdCatchUp
    $s.Sections++
    $section = "#$($s.Sections)"
    $s.Path = $p; $s.Table = $p; $s.Section = $section; $s.Quiet = $s.Hush
    $s.Inside[$p] = $section; $s.Base[$section] = $p
    $isHushed = $s.Hush -or $s.Want.ContainsKey($p)
    $s.Listed = if ($isHushed) { $section } else { '' }
    if (-not $isHushed) { EdNote $p '['; return $null }
    $m = EdMember '#headers' $p $at
    $m.End = $end
    return $m
}

# A key of one or more parts below a table. Sets Path; defines the tables on the way.
function EdTomlKey($table, $container) {
    $s = $script:Ed
    $at = EdAt
    $s.Pos = $at
    $path = $table
    for ($n = 1; ; $n++) {
        EdBlanks
        if ($n -gt 200) { return EdFail $s.Pos 'nested too deeply' }
        $path = $path + '/' + (EdPart)
        if ($s.Why.Length -gt 0) { return }
        $s.NameEnd = $s.Pos - 1
        EdBlanks
        if ($s.Silent.ContainsKey($path)) { $s.Hush = $true }
        if ((EdCode $s.Pos) -ne 46) { break }
        if (-not $s.Kind.ContainsKey($path)) { EdBorn $path 'dotted' $at; $s.Host[$path] = $container }
        elseif ($s.Kind[$path] -ne 'dotted') { return EdFail $at 'a key below a value or a table of its own' }
        $s.Pos++
    }
    $s.Path = $path
    if ($s.Kind.ContainsKey($path)) { return EdFail $at 'this key is there twice' }
    EdCatchUp
}

# Within a key the place goes ahead of the token, which is not the same: a word of many parts is one token.
function EdBlanks {
    $s = $script:Ed
    while ($s.Pos -le $s.Length -and ([int]$s.Text[$s.Pos - 1] -eq 32 -or [int]$s.Text[$s.Pos - 1] -eq 9)) { $s.Pos++ }
}

function EdCatchUp {
    $s = $script:Ed
    $at = $s.Pos - 1
    $token = $s.Token
    while ($token.Success -and $token.Index -lt $at) { $token = $token.NextMatch() }
    $s.Token = $token
}

# One part of a key, as in a pointer.
function EdPart {
    $s = $script:Ed
    $text = $s.Text
    $at = $s.Pos
    $c = EdCode $at
    if ($c -eq 34 -or $c -eq 39) {
        if ((EdCode ($at + 1)) -eq $c -and (EdCode ($at + 2)) -eq $c) { EdFail $at 'a key on many lines'; return '' }
        EdCatchUp
        $string = $s.Token.Groups[1]
        if (-not $string.Success) { EdBadString $s.Token; return '' }
        $s.Pos = $at + $string.Length
        $name = EdPlain $string.Value
    } else {
        $bare = $s.Bare
        $end = $at - 1
        while ($end -lt $text.Length -and $bare[[int]$text[$end]]) { $end++ }
        $s.Pos = $end + 1
        $name = $text.Substring($at - 1, $end - $at + 1)
        if ($name.Length -eq 0) { EdFail $at 'expected a key'; return '' }
    }
    if ($s.Pos - $at -gt 32768) { EdFail $at 'the key is too long'; return '' }
    return EdReference $name
}
