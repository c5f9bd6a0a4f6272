# ---------------------------------------------------------------------------------------------------------------
# Plans. That of the modes same and set: "set POINTER string|bool|int VALUE" is the value that a key shall have; "drop POINTER" says that
# at and below it there shall be only what the plan sets; "keep POINTER" that a table there stays, and is not set;
# "join POINTER" that the value of the plan goes behind what is there, after a comma; "kind POINTER string|number|whole|count|boolean|list|
# object|strings" that its reader takes the file for broken where something else is there (strings: a table of them; texts: a list; int: written
# as one; whole: one from 0; count: one from 1; small: one from 0 to 59999; positive: digits as a text, not from 0; nothing: it must not be there;
# ^NAME^NAME: a table with one of these; &NAME&NAME: with all of them; WORD|WORD|{object}|{/TABLE}: one of these words, a value of a kind in
# braces, or a name in a table; a star stands for any name without a row), "only POINTER KEY KEY..." where it has another key,
# "form POINTER WORDS VARIANTS" where it is neither one of the words nor a table with one of the variants and no other: each
# is NAME:KEY,KEY=WORD|WORD with the keys that it needs, and what they may be.

function EdReadRows {
    $s = $script:Ed
    foreach ($row in $s.Rows) {
        if ($row.Length -eq 0) { continue }
        $field = $row.Split([char]9)
        $p = if ($field.Length -gt 1) { $field[1] } else { '' }
        if ($p.Length -eq 0 -or -not (EdIsPointer $p)) { return $false }
        EdWanted $p
        if ([string]::Equals($field[0], 'drop')) { $s.Drops.Add($p); $s.Silent[$p] = 1 }
        elseif ([string]::Equals($field[0], 'keep')) { $s.Keep[$p] = 1 }
        elseif ([string]::Equals($field[0], 'join')) { $s.Join[$p] = 1 }
        elseif ([string]::Equals($field[0], 'kind') -and $field.Length -eq 3) { EdReadKind $p $field[2] }
        elseif ([string]::Equals($field[0], 'only') -and $field.Length -eq 3) { $s.Only[$p] = ' ' + $field[2] + ' ' }
        elseif ([string]::Equals($field[0], 'form') -and $field.Length -eq 4) { $s.Form[$p] = $field; EdWantForm $p $field[3] }
        elseif ([string]::Equals($field[0], 'set') -and $field.Length -gt 3) {
            $value = $row.Substring($field[0].Length + $p.Length + $field[2].Length + 3)
            if ($s.SetType.ContainsKey($p) -or -not (EdFits $field[2] $value)) { return $false }
            $s.Sets.Add($p); $s.SetType[$p] = $field[2]; $s.SetValue[$p] = $value; $s.Silent[$p] = 1
        } else { return $false }
    }
    foreach ($one in $s.Sets) {
        for ($p = EdUp $one; $p.Length -gt 0; $p = EdUp $p) {
            if ($s.SetType.ContainsKey($p)) { return $false }
            $s.Need[$p] = 1
        }
    }
    foreach ($one in $s.Sets) { $s.Need[$one] = 1 }
    return $true
}

# The row of a kind; of what leads to a star it is only known that it matters.
function EdReadKind($p, $kind) {
    $s = $script:Ed
    if (-not $p.Contains('*')) { $s.Kinds[$p] = $kind; return }
    $s.Star[$p] = $kind
    for ($p = EdUp $p; $p.Contains('*'); $p = EdUp $p) { if (-not $s.Star.ContainsKey($p)) { $s.Star[$p] = 'any' } }
}

function EdFits($type, $value) {
    if ([string]::Equals($type, 'string')) { return $true }
    if ([string]::Equals($type, 'bool')) { return $value -cmatch '\A(?:true|false)\z' }
    return [string]::Equals($type, 'int') -and $value -cmatch '\A(?:0|-?[1-9][0-9]*)\z' -and $value.Length -lt 19
}

# What ends with our value is as planned where it is to be joined.
function EdAcceptJoined {
    $s = $script:Ed
    foreach ($p in $s.Sets) {
        if (-not $s.Join.ContainsKey($p)) { continue }
        $v = EdContent $p
        if (-not (EdStarts $v "string`t")) { continue }
        $v = $v.Substring(7)
        if (EdEnds $v $s.SetValue[$p]) { $s.SetValue[$p] = $v }
    }
}

function EdStarts($text, $head) { return $text.StartsWith($head, [System.StringComparison]::Ordinal) }

function EdEnds($v, $ours) {
    return [string]::Equals($v, $ours) -or $v.EndsWith(',' + $ours, [System.StringComparison]::Ordinal)
}

# Takes out of the plan what a table that is to be kept stands in for.
function EdKeepTables {
    $s = $script:Ed
    $kept = [System.Collections.Generic.List[string]]::new()
    foreach ($p in $s.Sets) {
        if ($s.Keep.ContainsKey($p) -and $s.Kind.ContainsKey($p) -and $s.Tabular.ContainsKey($s.Kind[$p])) { $s.SetType.Remove($p) }
        else { $kept.Add($p) }
    }
    $s.Sets = $kept
}

# What is of another kind, or a key that is not to be there: the first in the file, or nothing.
function EdOddOne {
    $s = $script:Ed
    $s.Odds = ''
    foreach ($q in $s.Only.Keys) {
        foreach ($p in $s.Kind.Keys) {
            if ($p.Length -eq 0 -or -not [string]::Equals((EdUp $p), $q) -or $s.Only[$q].IndexOf(' ' + (EdNameOf $p) + ' ', [System.StringComparison]::Ordinal) -ge 0) { continue }
            EdOddAt $(if ($s.Where.ContainsKey($p)) { $p } else { $q }) ('an unknown key below ' + $q)
        }
    }
    foreach ($p in $s.Form.Keys) {
        if ($s.Kind.ContainsKey($p) -and (EdMisformed $p)) { EdOddAt $p ('is not of a form that its reader knows: ' + $p) }
    }
    foreach ($p in $s.Kinds.Keys) {
        if (EdHoldsStrings $p) {
            foreach ($q in (EdChildren $p)) {
                if ($s.Kind[$q] -cnotmatch '\A(?:string|date)\z') { EdOddAt $p ('must hold strings only: ' + $p) }
            }
            continue
        }
        if ($s.Kind.ContainsKey($p) -and -not (EdIsOfKind $p $s.Kinds[$p])) {
            EdOddAt $p ('must be of type ' + $s.Kinds[$p] + ': ' + $p)
        }
    }
    return $s.Odds
}

# Whether it is the container that its row wants to hold strings alone.
function EdHoldsStrings($p) {
    $s = $script:Ed
    if (-not $s.Kind.ContainsKey($p)) { return $false }
    if ([string]::Equals($s.Kinds[$p], 'texts')) { return [string]::Equals($s.Kind[$p], 'array') }
    return [string]::Equals($s.Kinds[$p], 'strings') -and $s.Tabular.ContainsKey($s.Kind[$p])
}

# Rows for what the file has where a row has a star; with lines inside, since nothing of that is edited. Returns whether there are any.
function EdUnstar {
    $s = $script:Ed
    $found = $false
    foreach ($p in $s.Star.Keys) {
        $head = $p.Substring(0, $p.IndexOf([char]42))
        $like = '\A' + $p.Replace('*', '[^/]+') + '\z'
        foreach ($q in $s.Kind.Keys) {
            if ($s.Kinds.ContainsKey($q) -or -not (EdStarts $q $head) -or $q -cnotmatch $like) { continue }
            $s.Kinds[$q] = $s.Star[$p]
            $found = $true
            if (-not $s.Want.ContainsKey($q)) { $s.Want[$q] = 2 }
        }
    }
    return $found
}

function EdChildren($p) {
    foreach ($q in $script:Ed.Kind.Keys) { if ($q.Length -gt 0 -and [string]::Equals((EdUp $q), $p)) { $q } }
}

function EdWantForm($p, $variants) {
    foreach ($variant in $variants.Split([char]32)) {
        $name, $needs = $variant.Split([char]58)
        foreach ($need in $needs.Split([char]44)) { EdWanted ($p + '/' + $name + '/' + $need.Split([char]61)[0]) }
    }
}

function EdMisformed($p) {
    $s = $script:Ed
    $form = $s.Form[$p]
    if ([string]::Equals($s.Kind[$p], 'string')) { return -not (EdHasWord $form[2] 32 (EdContent $p).Substring(7)) }
    $inside = @(EdChildren $p)
    if ($inside.Count -ne 1) { return $true }
    $name = EdNameOf $inside[0]
    foreach ($variant in $form[3].Split([char]32)) {
        $known, $needs = $variant.Split([char]58)
        if (-not [string]::Equals($known, $name)) { continue }
        foreach ($need in $needs.Split([char]44)) {
            $key, $words = $need.Split([char]61)
            $q = $p + '/' + $name + '/' + $key
            if (-not $s.Kind.ContainsKey($q)) { return $true }
            if ($words -and (-not (EdStarts (EdContent $q) "string`t") -or -not (EdHasWord $words 124 (EdContent $q).Substring(7)))) { return $true }
        }
        return $false
    }
    return $true
}

function EdIsOfKind($p, $wanted) {
    if ([string]::Equals($script:Ed.Kind[$p], $wanted) -or [string]::Equals($wanted, 'any')) { return $true }
    $kind = EdKindWord $script:Ed.Kind[$p]
    if ([int]$wanted[0] -eq 94) { return [string]::Equals($kind, 'object') -and (EdCountOf $p $wanted) -eq 1 }
    if ([int]$wanted[0] -eq 38) { return [string]::Equals($kind, 'object') -and (EdCountOf $p $wanted) -eq $wanted.Split([char]38).Length - 1 }
    if ([string]::Equals($wanted, 'whole')) { return (EdContent $p) -cmatch '\Aint\t[+]?[0-9]' }
    if ([string]::Equals($wanted, 'small')) { return (EdContent $p) -cmatch '\A(?:int|float)\t[0-5]?[0-9]{1,4}(?:[.][0-9]+)?\z' }
    if ([string]::Equals($wanted, 'positive')) { return (EdContent $p) -cmatch '\Astring\t[1-9][0-9]*\z' }
    if ([string]::Equals($wanted, 'count')) { return (EdContent $p) -cmatch '\Aint\t[1-9]' }
    if (-not $wanted.Contains('|')) { return [string]::Equals($kind, $wanted) }
    if (-not [string]::Equals($kind, 'string')) { return EdHasWord $wanted 124 ('{' + $kind + '}') }
    $text = (EdContent $p).Substring(7)
    if (EdHasWord $wanted 124 $text) { return $true }
    $inTable = [regex]::Match($wanted, '[{](/[^}]*)')
    return $inTable.Success -and $script:Ed.Kind.ContainsKey($inTable.Groups[1].Value + '/' + (EdReference $text))
}

# How many of the keys a table has that follow a mark in a kind.
function EdCountOf($p, $wanted) {
    $n = 0
    foreach ($name in $wanted.Substring(1).Split([char]$wanted[0])) { if ($script:Ed.Kind.ContainsKey($p + '/' + $name)) { $n++ } }
    return $n
}

function EdHasWord($words, $between, $word) { return [System.Array]::IndexOf($words.Split([char]$between), $word) -ge 0 }

function EdKindWord($kind) {
    if ($script:Ed.KindWords.ContainsKey($kind)) { return $script:Ed.KindWords[$kind] }
    return $kind
}

# Of two at one place the first by its words.
function EdOddAt($p, $why) {
    $s = $script:Ed
    $at = $s.Where[$p]
    if ($s.Odds.Length -eq 0 -or $at -lt $s.OddsAt -or ($at -eq $s.OddsAt -and [string]::CompareOrdinal($why, $s.Odds) -lt 0)) {
        $s.Odds = $why
        $s.OddsAt = $at
    }
}

function EdRefuseOdd { return EdRefuse 3 ($script:Ed.File + ':' + (EdPlace $script:Ed.OddsAt) + ': ' + $script:Ed.Odds) }

# The last part of a pointer, as plain text.
function EdNameOf($p) { return $p.Substring($p.LastIndexOf([char]47) + 1).Replace('~1', '/').Replace('~0', '~') }

function EdTarget($p) { return $script:Ed.SetType[$p] + "`t" + $script:Ed.SetValue[$p] }

# Whether a drop of the plan removes what is at this pointer.
function EdDoomed($p) {
    $s = $script:Ed
    foreach ($drop in $s.Drops) {
        if (-not (EdWithin $p $drop)) { continue }
        for ($q = $p; EdWithin $q $drop; $q = EdUp $q) { if (-not $s.Need.ContainsKey($q)) { return $true } }
        $kind = if ($s.Kind.ContainsKey($p)) { $s.Kind[$p] } else { '' }
        if ($s.SetType.ContainsKey($p)) { return @('object', 'array', 'table', 'tables') -ccontains $kind }
        return -not $s.Tabular.ContainsKey($kind)
    }
    return $false
}

# Whether a pointer is at or below another.
function EdWithin($p, $top) { return [string]::Equals($p, $top) -or (EdBelow $p $top) }

function EdBelow($p, $top) { return $p.Length -gt $top.Length -and $p[$top.Length] -eq [char]47 -and (EdStarts $p $top) }

function EdIsPointer($p) { return ($p.Length -eq 0 -or [int]$p[0] -eq 47) -and $p -cnotmatch '~(?:[^01]|\z)' }
