# ---------------------------------------------------------------------------------------------------------------
# Mode same. Plan: see above. Code 1 if the file is as the plan says, 0 if the mode set would change it.

function EdCompare {
    $s = $script:Ed
    $isDifferent = $false
    if ((EdOddOne).Length -gt 0) { return EdRefuseOdd }
    EdKeepTables
    EdAcceptJoined
    foreach ($p in $s.Sets) {
        for ($q = EdUp $p; $q.Length -gt 0; $q = EdUp $q) {
            if ($s.Kind.ContainsKey($q) -and -not $s.Tabular.ContainsKey($s.Kind[$q]) -and -not (EdDoomed $q)) {
                return EdRefuse 3 ($s.File + ':' + (EdPlace $s.Where[$q]) + ': not a table: ' + $q)
            }
        }
        if ($s.Kind.ContainsKey($p) -and -not (EdIsSingle $p) -and -not (EdDoomed $p)) {
            return EdRefuse 3 ($s.File + ':' + (EdPlace $s.Where[$p]) + ': not a single value: ' + $p)
        }
        if (-not [string]::Equals((EdContent $p), (EdTarget $p))) { $isDifferent = $true }
    }
    foreach ($m in $s.Members) { if (EdDoomed $m.Path) { $isDifferent = $true } }
    return [int](-not $isDifferent)
}

# Whether one value is there that can be replaced where it is.
function EdIsSingle($p) {
    $s = $script:Ed
    return $s.Member.ContainsKey($p) -and -not (EdStarts $s.Kind[$p] 'object') -and -not (EdStarts $s.Kind[$p] 'array') -and -not (EdStarts $s.Kind[$p] 'table')
}
