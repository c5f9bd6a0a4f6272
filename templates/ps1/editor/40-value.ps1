# ---------------------------------------------------------------------------------------------------------------
# Strings and pointers.

# The value of a token: of a string what it stands for, of anything else its text.
function EdPlain($token) {
    if ($token.Length -eq 0) { return '' }
    $quote = [int]$token[0]
    if ($quote -ne 34 -and $quote -ne 39) { return $token }
    if ($script:Ed.IsToml -and $token.Length -gt 5 -and [int]$token[1] -eq $quote -and [int]$token[2] -eq $quote) {
        $from = 3
        if ([int]$token[3] -eq 10) { $from = 4 }
        elseif ([int]$token[3] -eq 13 -and [int]$token[4] -eq 10) { $from = 5 }
        $inner = $token.Substring($from, $token.Length - 3 - $from)
    } else {
        $inner = $token.Substring(1, $token.Length - 2)
    }
    if ($quote -eq 34) { return EdUnescape $inner }
    return $inner
}

function EdUnescape($text) {
    $next = $text.IndexOf([char]92)
    if ($next -lt 0) { return $text }
    $letters = $script:Ed.Letters
    $out = [System.Text.StringBuilder]::new()
    $at = 0
    while ($next -ge 0) {
        [void]$out.Append($text, $at, $next - $at)
        $c = if ($next + 1 -lt $text.Length) { [int]$text[$next + 1] } else { -1 }
        $at = $next + 2
        if ($letters.ContainsKey($c)) { [void]$out.Append($letters[$c]) }
        elseif ($c -eq 117 -or $c -eq 85) {
            $at += 4
            if ($c -eq 85) { $at += 4 }
            $code = EdHex $text ($next + 2) $at
            if ($code -ge 0xd800 -and $code -lt 0xdc00 -and $at + 2 -lt $text.Length -and (EdMid $text $at 4) -cmatch '\A\\u[dD][c-fC-F]') {
                $code = 0x10000 + ($code - 0xd800) * 1024 + (EdHex $text ($at + 2) ($at + 6)) - 0xdc00
                $at += 6
            }
            [void]$out.Append((EdUtf8 $code))
        } else {
            $at = $next + 1
            while ($at -lt $text.Length -and $script:Ed.Spaces[[int]$text[$at]]) { $at++ }
        }
        if ($at -ge $text.Length) { return $out.ToString() }
        $next = $text.IndexOf([char]92, $at)
    }
    [void]$out.Append($text, $at, $text.Length - $at)
    return $out.ToString()
}

# So many characters from a place that counts from 0, or fewer where the text ends.
function EdMid($text, $from, $count) {
    if ($from -ge $text.Length) { return '' }
    return $text.Substring($from, [Math]::Min($count, $text.Length - $from))
}

function EdHex($text, $from, $to) {
    $n = 0
    for ($i = $from; $i -lt $to -and $i -lt $text.Length; $i++) {
        $digit = '0123456789abcdef'.IndexOf([char]::ToLowerInvariant($text[$i]))
        if ($digit -ge 0) { $n = $n * 16 + $digit }
    }
    return $n
}

# U+0000 becomes two bytes, since not every awk can hold it.
function EdUtf8($n) {
    if ($n -gt 0 -and $n -lt 128) { return [string][char]$n }
    $tail = [string][char](128 + $n % 64)
    $n = $n -shr 6
    if ($n -lt 32) { return [string][char](192 + $n) + $tail }
    $tail = [string][char](128 + $n % 64) + $tail
    $n = $n -shr 6
    if ($n -lt 16) { return [string][char](224 + $n) + $tail }
    return [string][char](240 + (($n -shr 6) -band 7)) + [string][char](128 + $n % 64) + $tail
}

# Makes one line, for records and answers; EdUnescape reverses it.
function EdOneLine($text) {
    if ($text -cnotmatch '[\\\t\r\n]') { return $text }
    return $text.Replace('\', '\\').Replace("`t", '\t').Replace("`r", '\r').Replace("`n", '\n')
}

function EdReference($name) { return $name.Replace('~', '~0').Replace('/', '~1') }

function EdUp($pointer) {
    $at = $pointer.LastIndexOf([char]47)
    if ($at -lt 0) { return '' }
    return $pointer.Substring(0, $at)
}

function EdWanted($pointer) {
    $want = $script:Ed.Want
    $want[''] = 1
    while ($pointer.Length -gt 0) {
        $want[$pointer] = 1
        $pointer = EdUp $pointer
    }
}

# Type and value at a pointer as one text; empty if there is nothing.
function EdContent($pointer) {
    $s = $script:Ed
    if (-not $s.Kind.ContainsKey($pointer)) { return '' }
    $kind = $s.Kind[$pointer]
    if (-not $s.Member.ContainsKey($pointer) -or $s.Boxes.ContainsKey($kind)) { return "$kind`t" }
    $m = $s.Member[$pointer]
    return "$kind`t" + (EdPlain (EdSlice $m.Val $m.End))
}
