# ---------------------------------------------------------------------------------------------------------------
# Parsing. Pointers that matter (Want: those of the plan and everything above them) get Kind, Where and, for containers, Open and Close.
# Members of containers that matter have a path, a container, start and end of the key, start and end of the value, the
# comma after it, the members before and after it. Every other value goes to a list, which an edit must not change.

# List is $null, or takes the values.
function EdParse($text, $list) {
    $s = $script:Ed
    $ordinal = [System.StringComparer]::Ordinal
    $s.Kind = [System.Collections.Hashtable]::new($ordinal); $s.Where = [System.Collections.Hashtable]::new($ordinal)
    $s.Open = [System.Collections.Hashtable]::new($ordinal); $s.Close = [System.Collections.Hashtable]::new($ordinal)
    $s.Member = [System.Collections.Hashtable]::new($ordinal); $s.Inside = [System.Collections.Hashtable]::new($ordinal)
    $s.Host = [System.Collections.Hashtable]::new($ordinal); $s.Tables = [System.Collections.Hashtable]::new($ordinal)
    $s.Last = [System.Collections.Hashtable]::new($ordinal); $s.First = [System.Collections.Hashtable]::new($ordinal)
    $s.Seen = [System.Collections.Hashtable]::new($ordinal); $s.Base = [System.Collections.Hashtable]::new($ordinal)
    $s.Members = [System.Collections.Generic.List[object]]::new()
    $s.Sections = 0
    $s.HasComments = $false
    $s.Listed = ''
    $s.List = $list
    $s.StackMember[0] = $null
    $s.StackWanted[0] = $true
    EdSeek $text
    if ($s.IsToml) { EdToml } else { EdJson }
    return $s.Why.Length -eq 0
}

# Whether a text is valid and holds the same other values as the first one.
function EdVerified($text) {
    $s = $script:Ed
    $again = [System.Collections.Generic.List[string]]::new()
    if (-not (EdParse $text $again)) { return $false }
    $first = $s.Foreign
    if ($again.Count -ne $first.Count) { return $false }
    for ($i = 0; $i -lt $again.Count; $i++) { if (-not $first[$i].Equals($again[$i])) { return $false } }
    return $true
}

function EdMap { return [System.Collections.Hashtable]::new([System.StringComparer]::Ordinal) }

function EdMember($container, $path, $at) {
    $s = $script:Ed
    $before = $s.Last[$container]
    $s.Seen[$path] = 1 + $s.Seen[$path]
    $m = @{ Number = $s.Members.Count; Path = $path; Host = $container; Id = "$path#$($s.Seen[$path])"; Key = $at; Name = $at; Val = $at; End = $at
        Comma = 0; Prev = $before; Next = $null; Line = 0; Above = ''; AboveEnd = 0 }
    if ($before) { $before.Next = $m }
    $s.Members.Add($m)
    if (-not $s.First.ContainsKey($container)) { $s.First[$container] = $m }
    $s.Last[$container] = $m
    if ($s.Want.ContainsKey($path)) { $s.Member[$path] = $m }
    return $m
}

# A pointer is found for the first time.
function EdBorn($path, $kind, $at) {
    $s = $script:Ed
    $isWanted = $s.Want.ContainsKey($path)
    if ($isWanted -or $s.IsToml) { $s.Kind[$path] = $kind }
    if ($isWanted) { $s.Where[$path] = $at }
}

function EdNote($path, $text) {
    $s = $script:Ed
    if ($null -ne $s.List) { $s.List.Add($path + '=' + $text) }
}

# A value and everything inside it. Containers are kept on a stack. For a value that does not matter it calls no function: a call takes
# longer than all the rest. Sets ValueEnd.
function EdValue($path, $hush) {
    $s = $script:Ed; $text = $s.Text; $token = $s.Token; $list = $s.List; $want = $s.Want; $kind = $s.Kind; $isToml = $s.IsToml; $trivia = $s.Trivia
    $stackOpen = $s.StackOpen; $stackPath = $s.StackPath; $stackCount = $s.StackCount; $stackMember = $s.StackMember; $stackHush = $s.StackHush; $stackWanted = $s.StackWanted
    $depth = 0
    while ($s.Why.Length -eq 0) {
        $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 }
        $isWanted = $stackWanted[$depth] -and $want.ContainsKey($path)
        $isListed = $null -ne $list -and -not ($hush -or $isWanted)
        $opened = $c -eq 123 -or $c -eq 91
        if ($opened) {
            $depth++
            if ($depth -gt 200) { return EdFail ($token.Index + 1) 'nested too deeply' }
            $stackOpen[$depth] = $c; $stackPath[$depth] = $path; $stackCount[$depth] = 0; $stackMember[$depth] = $null; $stackHush[$depth] = $hush; $stackWanted[$depth] = $isWanted
            if ($isWanted) { EdOpened $path $c ($token.Index + 1) } elseif ($isToml -or $stackWanted[$depth - 1]) { $kind[$path] = if ($c -eq 123) { 'object' } else { 'array' } }
            if ($isListed) { $list.Add($path + '=' + [char]$c) }
        } else {
            $value = $token.Groups[1]
            if (-not $value.Success -or ($value.Length -gt 32768 -and $c -ne 34 -and $c -ne 39)) { $s.Token = $token; EdBorn $path 'string' (EdAt); return EdBadValue $token }
            if ($isToml -and $value.Length -gt 18 -and $c -ne 34 -and $c -ne 39 -and (EdIsTooLarge $value.Value)) { $s.Token = $token; return EdFail (EdAt) 'a number is too large' }
            if ($isWanted) { EdBorn $path (EdType $value.Value) ($token.Index + 1) } elseif ($isToml -or $stackWanted[$depth]) { $kind[$path] = if ($c -eq 34 -or $c -eq 39 -or -not $stackWanted[$depth]) { 'string' } else { EdType $value.Value } }
            if ($isListed) { $list.Add($path + '=' + $value.Value) }
            $end = $value.Index + $value.Length
        }
        $token = $token.NextMatch()
        # On to the next value, out of the containers that end on the way.
        for (;;) {
            if (-not $opened -and $stackMember[$depth]) { $stackMember[$depth].End = $end }
            if ($depth -eq 0) { $s.Token = $token; $s.ValueEnd = $end; return }
            # TOML 1.1 allows lines in an inline table; those that are edited are on one.
            $lines = -not $isToml -or $stackOpen[$depth] -eq 91 -or -not $stackWanted[$depth] -or $want[$stackPath[$depth]] -eq 2
            $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 }
            if ($lines -and $trivia[$c]) { $s.Token = $token; EdSpace; $token = $s.Token; $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 } }
            $comma = -not $opened -and $c -eq 44
            if ($comma) {
                if ($stackMember[$depth]) { $stackMember[$depth].Comma = $token.Index + 1 }
                $token = $token.NextMatch()
                $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 }
                if ($lines -and $trivia[$c]) { $s.Token = $token; EdSpace; $token = $s.Token; $c = if ($token.Success) { [int]$text[$token.Index] } else { -1 } }
            }
            # The code of a closing bracket is that of the opening one and two.
            if ($c -eq $stackOpen[$depth] + 2 -and (-not $comma -or ($isToml -and $lines))) {
                $end = $token.Index + 1
                if ($stackWanted[$depth]) { $s.Close[$stackPath[$depth]] = $end }
                $token = $token.NextMatch(); $depth--; $opened = $false
                continue
            }
            $s.Token = $token
            if ($c -lt 0) { return EdFail ($s.Length + 1) 'the file ends inside a value' }
            if (-not $opened -and -not $comma) { return EdFail ($token.Index + 1) 'expected a comma or a closing bracket' }
            $hush = $stackHush[$depth]
            if ($stackOpen[$depth] -eq 91) { $path = $stackPath[$depth] + '/' + $stackCount[$depth]; $stackCount[$depth]++; break }
            $name = $token.Groups[1]
            $next = $token.NextMatch()
            if (-not $isToml -and -not $stackWanted[$depth] -and $name.Success -and $c -eq 34 -and $name.Length -le 32768 -and $next.Success -and [int]$text[$next.Index] -eq 58) {
                $key = $text.Substring($name.Index + 1, $name.Length - 2)
                if ($key.IndexOfAny($s.Odd) -ge 0) { $key = EdReference (EdUnescape $key) }
                $path = $stackPath[$depth] + '/' + $key
                $token = $next.NextMatch()
                if ($token.Success -and $trivia[[int]$text[$token.Index]]) { $s.Token = $token; EdSpace; $token = $s.Token }
                break
            }
            $s.Hush = $hush
            $stackMember[$depth] = EdKey $stackPath[$depth] $stackPath[$depth]
            $path = $s.Path; $hush = $s.Hush; $token = $s.Token
            break
        }
    }
}

function EdOpened($path, $code, $at) {
    $s = $script:Ed
    EdBorn $path $(if ($code -eq 123) { 'object' } else { 'array' }) $at
    $s.Open[$path] = $at
    $s.Inside[$path] = $path
}

function EdType($token) {
    if ($token -cmatch '\A["'']') { return 'string' }
    if ($token -cmatch '\A(?:true|false)\z') { return 'bool' }
    if ($token -cmatch '\Anull\z') { return 'null' }
    if ($script:Ed.IsToml) {
        if ($token -cmatch '\A0[xob]') { return 'int' }
        if ($token -cmatch '\A[0-9][0-9][0-9:]' -and $token -cmatch '[-:].*[-:]') { return 'date' }
        if ($token -cmatch '\A[-+]?(?:0|[1-9][0-9_]*)\z') { return 'int' }
        return 'float'
    }
    if ($token -cmatch '\A-?[0-9]+\z') { return 'int' }
    return 'float'
}

# Whether a whole number has more than 64 bits, with which no reader takes the file.
function EdIsTooLarge($token) {
    if ($token -cnotmatch '\A[-+]?[1-9][0-9_]*\z') { return $false }
    $digits = $token.Replace('_', '').TrimStart('-', '+')
    return $digits.Length -gt 19 -or ($digits.Length -eq 19 -and [string]::CompareOrdinal($digits, '9223372036854775807') -gt 0)
}

# Why no value is here. A word over 32 KB is judged by what is over: awk keeps no more of it.
function EdBadValue($token) {
    $at = EdAt
    $c = EdCode $at
    $isQuote = $c -eq 34 -or ($c -eq 39 -and $script:Ed.IsToml)
    if ($isQuote) { return EdBadString $token }
    $s = $script:Ed
    $whole = $token.Groups[1]
    $word = if ($whole.Success) { $whole } else { $token.Groups[2] }
    if ($word.Success -and $word.Length -gt 32768) {
        $over = $word.Value.Substring((($word.Length - 1) -shr 15) -shl 15)
        $tail = [System.Text.RegularExpressions.Regex]::Match($over, $s.Pattern, [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
        if ($tail.Groups[1].Success -and $tail.Groups[1].Length -eq $over.Length) { return EdFail $at 'a word is too long' }
    }
    EdFail $at 'expected a value'
}

# Why a string is not whole: group 2 is as much of it as can be read.
function EdBadString($token) {
    $s = $script:Ed
    $from = $token.Index + 1
    $at = $token.Groups[2].Index + $token.Groups[2].Length + 1
    $c = EdCode $at
    if ($c -lt 0) { return EdFail $from 'a string does not end' }
    if (-not $s.IsToml) { return EdFail $at 'a control character or a wrong escape in a string' }
    if ($c -eq 92 -and (EdCode $from) -eq 34) { return EdFail $at 'a wrong escape in a string' }
    EdFail $at 'a control character in a string'
}

# A key and what separates it from its value. Returns the member, or $null where it does not matter; sets Path and Hush.
function EdKey($table, $container) {
    $s = $script:Ed
    $at = EdAt
    if ($s.IsToml) { EdTomlKey $table $container } else { EdJsonKey $table }
    if ($s.Why.Length -gt 0) { return $null }
    $m = $null
    if ($s.Want.ContainsKey($container) -or [string]::Equals($container, $s.Listed)) {
        $m = EdMember $container $s.Path $at
        $m.Name = $s.NameEnd
    }
    if (-not $s.IsToml) { EdSpace }
    $at = if ($s.IsToml) { $s.Pos } else { EdAt }
    if ((EdCode $at) -ne $(if ($s.IsToml) { 61 } else { 58 })) {
        EdFail $at 'expected a key and its value'
        return $null
    }
    $s.Token = $s.Token.NextMatch()
    if (-not $s.IsToml) { EdSpace }
    if ($m) { $m.Val = EdAt }
    return $m
}

# Skips blanks, line ends and comments.
function EdSpace {
    $s = $script:Ed
    while ($s.Token.Success) {
        $token = $s.Token
        $c = [int]$s.Text[$token.Index]
        if ($c -eq 13 -and $s.IsToml -and (EdCode ($token.Index + 2)) -ne 10) { return EdFail (EdAt) 'a carriage return alone does not end a line' }
        if (-not $s.Trivia[$c]) {
            if ($c -ne 32 -and $c -ne 9) { return }
        } elseif ($c -eq 35 -or $c -eq 47) {
            EdComment
            if ($s.Why.Length -gt 0) { return }
            continue
        }
        $s.Token = $token.NextMatch()
    }
}

function EdComment {
    $s = $script:Ed
    $token = $s.Token
    $s.HasComments = $true
    $at = $token.Index + 1
    if ($s.IsToml) {
        $at += $token.Groups[3].Length
        $c = EdCode $at
        if ($c -ge 0 -and $c -ne 10 -and $c -ne 13) { return EdFail $at 'a control character in a comment' }
    } elseif (-not $token.Groups[3].Success) {
        if ($token.Groups[4].Success) { return EdFail ($at + $token.Groups[4].Length) 'a carriage return alone ends a comment' }
        if ((EdCode ($at + 1)) -eq 42) { return EdFail $at 'a comment does not end' }
        return EdFail $at 'expected a comment'
    }
    $s.Token = $token.NextMatch()
}
