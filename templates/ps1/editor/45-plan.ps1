# ---------------------------------------------------------------------------------------------------------------
# Plans. That of the modes same and set: "set POINTER string|bool|int VALUE" is the value that a key shall have; "drop POINTER" says that
# at and below it there shall be only what the plan sets; "keep POINTER" that a table there stays, and is not set;
# "join POINTER" that the value of the plan goes behind what is there, after a comma.

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
