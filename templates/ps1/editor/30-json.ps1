# ---------------------------------------------------------------------------------------------------------------
# JSON and JSONC.

function EdJson {
    $s = $script:Ed
    EdSpace
    if (-not $s.Token.Success -and -not $s.HasComments) { return }
    if ((EdCode (EdAt)) -ne 123) { return EdFail (EdAt) 'the file does not hold an object' }
    $s.StackMember[0] = EdMember '#top' '' (EdAt)
    EdValue '' $false
    EdSpace
    if ($s.Token.Success) { EdFail (EdAt) 'something follows the object' }
}

function EdJsonKey($table) {
    $s = $script:Ed
    $token = $s.Token
    $at = EdAt
    if ((EdCode $at) -ne 34) { return EdFail $at 'expected a key' }
    $name = $token.Groups[1]
    if (-not $name.Success) { return EdBadString $token }
    if ($name.Length -gt 32768) { return EdFail $at 'the key is too long' }
    $s.NameEnd = $name.Index + $name.Length
    $s.Path = $table + '/' + (EdReference (EdPlain $name.Value))
    if ($s.Silent.ContainsKey($s.Path)) { $s.Hush = $true }
    if ($s.Want.ContainsKey($s.Path) -and $s.Kind.ContainsKey($s.Path)) { return EdFail $at 'this key is there twice' }
    $s.Token = $token.NextMatch()
}
