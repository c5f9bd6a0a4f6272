# ---------------------------------------------------------------------------------------------------------------
# Text. Places count from 1, as in awk. $s.Text is the generation that was parsed last, $s.Token what the reader looks at: one expression
# that begins each match where the last one ended, since to begin anywhere copies the whole text under PowerShell 7 for Windows.

# JSON: group 1 a value that is whole, 2 one that is not, or a word, 3 a comment that is whole. TOML: the same. Blanks behind belong to
# each: of JSON line ends, too.
function EdTokens($format) {
    if ($format -eq 'toml') { return EdTomlTokens }
    $string = '"(?>(?:[^"\\\x01-\x1f]+|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*)'
    $number = '-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?'
    $word = '[-+.0-9A-Za-z_$]'
    # Readers differ on whether a lone carriage return ends a comment; then nothing but blanks or a comment may follow on the line.
    $line = '//(?>[^\r\n]*)(?:(?!\r)|(?=(?>[ \t\r]+)(?:\n|//|\z)))'
    $comment = ''
    if ($format -eq 'jsonc') { $comment = '|(' + $line + '|/\*(?>(?:[^*]+|\*(?!/))*)\*/)|(?:(//[^\r\n]*)|/)' }
    return '\G(?:(?:[{}\[\]:,]|(' + $string + '"|(?:true|false|null|' + $number + ')(?!' + $word + '))|(' + $string + '|' + $word + '+)' + $comment +
        '|[^ \t\r\n])[ \t\r\n]*|[ \t\r\n]+)'
}

function EdTomlTokens {
    $plain = '\x01-\x08\x0a-\x1f\x7f'
    $escape = '\\(?:["\\bfnrt]|(?!(?:u|U0000)[dD][89A-Fa-f])(?:u|U000[0-9A-Fa-f]|U0010)[0-9A-Fa-f]{4})'
    # One or two quotes may stand before the three that end it.
    $basics = '"""(?>(?:[^"\\' + $plain + ']+|' + $escape + '|\\[ \t]*\r?\n|\r?\n|"{1,2}(?!"))*)'
    $literals = "'''(?>(?:[^'" + $plain + "]+|\r?\n|'{1,2}(?!'))*)"
    $basic = '(?!""")"(?>(?:[^"\\' + $plain + ']+|' + $escape + ')*)'
    $literal = "(?!''')'(?>[^'" + $plain + ']*)'
    $hour = '(?:[01][0-9]|2[0-3])'
    $time = $hour + ':[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?'
    $zone = '(?:[Zz]|[-+]' + $hour + ':[0-5][0-9])?'
    $date = '[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])'
    $digits = '(?:0|[1-9](?:_?[0-9])*)'
    $number = '[-+]?(?:' + $digits + '(?:\.[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?|inf|nan)'
    $bits = '0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*'
    $word = '[-+.:0-9A-Za-z_]'
    # Of a date with a blank the time is part; a date with a small t and a blank behind it is none.
    $later = '(?! [0-9][0-9]:[-+.:0-9A-Za-z])'
    $words = $date + ' ' + $time + $zone + '(?![-+.:0-9A-Za-z])|(?:true|false|' + $number + '|' + $bits + '|' + $time + '|' + $date + 'T' + $time + $zone +
        ')(?!' + $word + ')|' + $date + '(?:t' + $time + $zone + ')?(?!' + $word + ')' + $later
    return '\G(?:(?:[{}\[\],=]|(' + $basics + '"{3,5}|' + $literals + "'{3,5}|" + $basic + '"|' + $literal + "'|" + $words + ')|(' +
        $basics + '|' + $literals + '|' + $basic + '|' + $literal + '|' + $word + '+)|\r?\n|(#[^' + $plain + ']*)|[^ \t])[ \t]*|[ \t]+)'
}

function EdSeek($text) {
    $s = $script:Ed
    if ($null -eq $s.Pattern) { $s.Pattern = EdTokens $s.Format }
    $s.Text = $text
    $s.Length = $text.Length
    $s.Token = [System.Text.RegularExpressions.Regex]::Match($text, $s.Pattern, [System.Text.RegularExpressions.RegexOptions]::CultureInvariant)
}

# Where the reader is: the place of the token, or behind the end.
function EdAt {
    $s = $script:Ed
    if ($s.Token.Success) { return $s.Token.Index + 1 }
    return $s.Length + 1
}

# The code of the character at a place; -1 where there is none.
function EdCode($at) {
    $s = $script:Ed
    if ($at -lt 1 -or $at -gt $s.Length) { return -1 }
    return [int]$s.Text[$at - 1]
}

# The characters a to b.
function EdSlice($a, $b) {
    $s = $script:Ed
    if ($a -lt 1) { $a = 1 }
    if ($b -gt $s.Length) { $b = $s.Length }
    if ($b -lt $a) { return '' }
    return $s.Text.Substring($a - 1, $b - $a + 1)
}

# The first failure ends all reading: there is no token any more.
function EdFail($at, $reason) {
    $s = $script:Ed
    if ($s.Why.Length -eq 0) { $s.Why = (EdPlace $at) + ': ' + $reason }
    $s.Token = [System.Text.RegularExpressions.Match]::Empty
}

# LINE:COL.
function EdPlace($at) {
    $text = $script:Ed.Text
    $line = 1
    $head = 0
    for (;;) {
        if ($head -ge $text.Length) { break }
        $next = $text.IndexOf([char]10, $head)
        if ($next -lt 0 -or $next -ge $at - 1) { break }
        $line++
        $head = $next + 1
    }
    return "${line}:$($at - $head)"
}

# Takes the file, without a mark that stays in front of it.
function EdLoad($text) {
    $s = $script:Ed
    if ($text -cmatch '[\x00\x01]') { $s.Why = 'a control character' }
    if ($text -cmatch '\A(?:\xfe\xff|\xff\xfe)') { $s.Why = 'UTF-16' }
    # Some CLIs read it, and it stays; others do not start with it.
    if ($text -cmatch '\A\xef\xbb\xbf') {
        if ($s.Format -eq 'jsonc') { $s.Why = 'a byte order mark; save the file as UTF-8 without it' }
        else { $s.Mark = $text.Substring(0, 3); $text = $text.Substring(3) }
    }
    $s.Text = $text
    return $s.Why.Length -eq 0
}
