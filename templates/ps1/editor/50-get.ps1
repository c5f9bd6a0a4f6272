# ---------------------------------------------------------------------------------------------------------------
# Mode get. Plan: "get POINTER". Answers are POINTER, type and value, with tabs between; in the value tab, line end and backslash are escaped.

function EdReadQuestions {
    $s = $script:Ed
    foreach ($row in $s.Rows) {
        if ($row.Length -eq 0) { continue }
        $field = $row.Split([char]9)
        if ($field.Length -lt 2 -or -not [string]::Equals($field[0], 'get') -or -not (EdIsPointer $field[1])) { return $false }
        $s.Asked.Add($field[1])
        EdWanted $field[1]
    }
    return $true
}

function EdAnswer {
    $s = $script:Ed
    foreach ($p in $s.Asked) {
        $content = EdContent $p
        if ($content.Length -eq 0) { $content = "absent`t" }
        $type = $content.Substring(0, $content.IndexOf([char]9))
        $shown = $type
        if ($s.Headed.ContainsKey($type)) { $shown = 'object' } elseif ($type -eq 'tables') { $shown = 'array' }
        $s.Answers.Add($p + "`t" + $shown + "`t" + (EdOneLine $content.Substring($type.Length + 1)))
    }
    return 0
}
