# Says what scripts are made of, by the parser and the type inference of PowerShell 7 and by its checker of trigger words. Runs nothing of them.
# Scripts: a JSON list of { path, text }. Facts: a JSON list of { path, line, kind, ... }; lint51.ts has the shapes, and judges them.
# A function that an earlier script has word for word is named again, and not looked into.
param($Scripts, $Facts)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
# The inference asks for every name that is called: with these it would search all modules, and the folders of PATH, each time.
Import-Module Microsoft.PowerShell.Management, Microsoft.PowerShell.Utility
$PSModuleAutoLoadingPreference = 'None'
[System.Environment]::SetEnvironmentVariable('PATH', '/nonexistent')

$hidden = [Reflection.BindingFlags]'Static,NonPublic,Public'
$engine = [psobject].Assembly
$infer = $engine.GetType('System.Management.Automation.AstTypeInference').GetMethod('InferTypeOf', $hidden, $null, [type[]]@([System.Management.Automation.Language.Ast]), $null)
$suspicious = $engine.GetType('System.Management.Automation.ScriptBlock+SuspiciousContentChecker').GetMethod('Match', $hidden)
$script:seen = [System.Collections.Generic.HashSet[string]]::new()
$script:found = [System.Collections.Generic.List[object]]::new()
# What a command gives of a path is inferred by the drive's provider.
[void](New-PSDrive -Name C -PSProvider FileSystem -Root ([IO.Path]::GetTempPath()))

function Say($path, $ast, $kind, $more) {
    $fact = [ordered]@{ path = $path; line = $ast.Extent.StartLineNumber; kind = $kind; text = $ast.Extent.Text.Split("`n")[0].Trim() }
    foreach ($key in $more.Keys) { $fact[$key] = $more[$key] }
    $script:found.Add($fact)
}

# The name of a type, or of the first one above it that a script can name; of an array, of what is in it where `inner` says so.
function PublicName($type, $inner) {
    while ($inner -and $type.IsArray) { $type = $type.GetElementType() }
    if ($type.IsArray) { return 'System.Array' }
    while (-not $type.IsVisible -and $null -ne $type.BaseType) { $type = $type.BaseType }
    if ($type.IsGenericType) { $type = $type.GetGenericTypeDefinition() }
    return $type.FullName
}

function TypesOf($ast) {
    return , @(foreach ($one in $infer.Invoke($null, @($ast))) { if ($null -ne $one.Type) { PublicName $one.Type $false } else { $one.Name -replace '#.*' -replace '.*\[\]\z', 'System.Array' } })
}

# The value of a constant; null for anything else.
function ConstantOf($ast) {
    if ($ast -is [System.Management.Automation.Language.StringConstantExpressionAst]) { return $ast.Value }
    if ($ast -is [System.Management.Automation.Language.ConstantExpressionAst]) { return "$($ast.Value)" }
    if ($ast -is [System.Management.Automation.Language.VariableExpressionAst] -and $ast.VariablePath.UserPath -in 'null', 'true', 'false') { return "`$$($ast.VariablePath.UserPath)" }
    return $null
}

function NameOf($type, $inner = $true) {
    $real = $type.GetReflectionType()
    if ($null -eq $real) { return $type.FullName }
    return PublicName $real $inner
}

function SayTypes($path, $ast, $type) {
    if ($type -is [System.Management.Automation.Language.ArrayTypeName]) { return SayTypes $path $ast $type.ElementType }
    if ($type -is [System.Management.Automation.Language.GenericTypeName]) {
        foreach ($inner in $type.GenericArguments) { SayTypes $path $ast $inner }
    }
    Say $path $ast 'type' @{ name = NameOf $type }
}

function SayCommand($path, $ast) {
    $elements = @($ast.CommandElements)
    $parameters = [System.Collections.Generic.List[object]]::new()
    $values = [System.Collections.Generic.List[object]]::new()
    for ($i = 1; $i -lt $elements.Count; $i++) {
        $element = $elements[$i]
        if ($element -isnot [System.Management.Automation.Language.CommandParameterAst]) { $values.Add((ConstantOf $element)); continue }
        $value = $element.Argument
        if ($null -eq $value -and $i + 1 -lt $elements.Count -and $elements[$i + 1] -isnot [System.Management.Automation.Language.CommandParameterAst]) { $value = $elements[$i + 1] }
        $parameters.Add([ordered]@{ name = $element.ParameterName; value = $(if ($null -eq $value) { $null } else { ConstantOf $value }) })
    }
    $name = $ast.GetCommandName()
    $alias = $null
    if ($name -and (Test-Path -LiteralPath "Alias:$name")) { $alias = (Get-Alias -Name $name).Definition }
    Say $path $ast 'command' @{ name = $name; called = "$($ast.InvocationOperator)"; alias = $alias; parameters = $parameters.ToArray(); values = $values.ToArray() }
    if ($name -eq 'New-Object') {
        $type = $ast.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.StringConstantExpressionAst] -and $_.Value -ne 'New-Object' } | Select-Object -First 1
        if ($null -ne $type) {
            $parsed = [System.Management.Automation.Language.Parser]::ParseInput("[$($type.Value)]", [ref]$null, [ref]$null)
            $of = $parsed.Find({ $args[0] -is [System.Management.Automation.Language.TypeExpressionAst] }, $true)
            if ($null -ne $of) { SayTypes $path $ast $of.TypeName }
        }
    }
}

function SayMember($path, $ast) {
    $arguments = @()
    $count = -1
    if ($ast -is [System.Management.Automation.Language.InvokeMemberExpressionAst]) {
        $arguments = @(foreach ($one in @($ast.Arguments)) { if ($null -ne $one) { [ordered]@{ value = ConstantOf $one; types = TypesOf $one } } })
        $count = $arguments.Count
    }
    $owners = if ($ast.Static -and $ast.Expression -is [System.Management.Automation.Language.TypeExpressionAst]) { , @(NameOf $ast.Expression.TypeName $false) } else { TypesOf $ast.Expression }
    $from = $ast.Expression
    if ($from -is [System.Management.Automation.Language.ParenExpressionAst]) { $from = $from.Pipeline }
    $name = ConstantOf $ast.Member
    $isResult = IsManyOrOne $from
    $isMade = $from -is [System.Management.Automation.Language.VariableExpressionAst] -and $name -eq 'Count' -and (IsResult $ast $from.VariablePath.UserPath)
    Say $path $ast 'member' @{ name = $name; static = $ast.Static; count = $count; owners = $owners; arguments = $arguments; ofCommand = $isResult -or $isMade }
}

# Whether it is what a command returns: one object, or none, or many.
function IsManyOrOne($ast) {
    if ($ast -isnot [System.Management.Automation.Language.PipelineAst]) { return $false }
    $last = $ast.PipelineElements[-1]
    return $last -is [System.Management.Automation.Language.CommandAst] -and $last.GetCommandName() -ne 'New-Object'
}

# Whether a variable is given what a command returns, not wrapped in @(), in the function that uses it.
function IsResult($ast, $variable) {
    $scope = $ast
    while ($null -ne $scope.Parent -and $scope -isnot [System.Management.Automation.Language.FunctionDefinitionAst]) { $scope = $scope.Parent }
    foreach ($given in $scope.FindAll({ $args[0] -is [System.Management.Automation.Language.AssignmentStatementAst] }, $true)) {
        if ($given.Left -isnot [System.Management.Automation.Language.VariableExpressionAst] -or $given.Left.VariablePath.UserPath -ne $variable) { continue }
        if (IsManyOrOne $given.Right) { return $true }
    }
    return $false
}

function SayNode($path, $ast) {
    switch ($ast.GetType().Name) {
        'CommandAst' { SayCommand $path $ast }
        'MemberExpressionAst' { SayMember $path $ast }
        'InvokeMemberExpressionAst' { SayMember $path $ast }
        'TypeExpressionAst' { SayTypes $path $ast $ast.TypeName }
        'TypeConstraintAst' { SayTypes $path $ast $ast.TypeName }
        'AttributeAst' { Say $path $ast 'attribute' @{ name = $ast.TypeName.FullName } }
        'VariableExpressionAst' { Say $path $ast 'variable' @{ name = $ast.VariablePath.UserPath } }
        'FunctionDefinitionAst' { Say $path $ast 'function' @{ name = $ast.Name } }
        'TernaryExpressionAst' { Say $path $ast 'syntax' @{ what = 'the operator ? :' } }
        'PipelineChainAst' { Say $path $ast 'syntax' @{ what = '&& or || between commands' } }
        'PipelineAst' { if ($ast.Background) { Say $path $ast 'syntax' @{ what = '& behind a command' } } }
        'NamedBlockAst' { if ("$($ast.BlockKind)" -eq 'Clean') { Say $path $ast 'syntax' @{ what = 'a clean block' } } }
        'FileRedirectionAst' { Say $path $ast 'redirection' @{ from = "$($ast.FromStream)"; to = ConstantOf $ast.Location } }
        'MergingRedirectionAst' { Say $path $ast 'redirection' @{ from = "$($ast.FromStream)"; to = "&$($ast.ToStream)" } }
        'BinaryExpressionAst' { SayOperator $path $ast }
        'ScriptBlockAst' { if ($null -ne $ast.ScriptRequirements -and $ast.ScriptRequirements.RequiredPSVersion -gt [version]'5.1') { Say $path $ast 'syntax' @{ what = '#Requires of a later version' } } }
    }
}

function SayOperator($path, $ast) {
    $name = "$($ast.Operator)"
    $strings = @($ast.Left, $ast.Right | Where-Object { $_ -is [System.Management.Automation.Language.StringConstantExpressionAst] }).Count
    if ($name -match 'replace\z' -and $null -ne $ast.Right.Find({ $args[0] -is [System.Management.Automation.Language.ScriptBlockExpressionAst] }, $false)) { Say $path $ast 'syntax' @{ what = 'a block that makes the new text of -replace' } }
    if ($name -eq 'DotDot' -and $strings -gt 0) { Say $path $ast 'syntax' @{ what = 'a range of letters' } }
    Say $path $ast 'operator' @{ name = $name; strings = $strings }
}

# The nodes in their order, without those inside a function that was looked into before; and where those functions are.
function SayNodes($path, $ast) {
    $known = [System.Collections.Generic.List[object]]::new()
    $end = -1
    foreach ($node in $ast.FindAll({ $true }, $true)) {
        if ($node.Extent.StartOffset -lt $end) { continue }
        SayNode $path $node
        if ($node -isnot [System.Management.Automation.Language.FunctionDefinitionAst]) { continue }
        if ($script:seen.Add($node.Extent.Text.Replace("`r", ''))) { continue }
        $end = $node.Extent.EndOffset
        $known.Add($node.Extent)
    }
    return , $known
}

function SayTokens($path, $tokens, $known) {
    $words = @{ QuestionQuestion = 'the operator ??'; QuestionQuestionEquals = 'the operator ??='; QuestionDot = 'the operator ?.'; QuestionLBracket = 'the operator ?[' }
    $next = 0
    for ($i = 0; $i -lt $tokens.Count; $i++) {
        $token = $tokens[$i]
        while ($next -lt $known.Count -and $known[$next].EndOffset -le $token.Extent.StartOffset) { $next++ }
        if ($next -lt $known.Count -and $known[$next].StartOffset -le $token.Extent.StartOffset) { continue }
        $kind = "$($token.Kind)"
        if ($words.ContainsKey($kind)) { Say $path $token 'syntax' @{ what = $words[$kind] } }
        if ($kind -eq 'Pipe' -and $i -gt 0 -and "$($tokens[$i - 1].Kind)" -eq 'NewLine') { Say $path $token 'syntax' @{ what = '| at the beginning of a line' } }
        if ($kind -match 'StringExpandable' -and $token.Text -cmatch '(?<!`)(?:``)*`(?:u\{|e)') { Say $path $token 'syntax' @{ what = 'an escape that 5.1 does not have' } }
        if ($kind -eq 'Number' -and $token.Text -match '\A[-+]?0b|\A[-+]?(?!0x)[^x]*(?:u[sly]?|[sny])(?:[kmgtp]b)?\z|\A[-+]?0x[0-9a-f]+(?:u[sly]?|[sny])(?:[kmgtp]b)?\z') { Say $path $token 'syntax' @{ what = 'a number that 5.1 cannot read' } }
    }
}

# Not by the parser of JSON of cmdlets: it would change what looks like a date.
$given = [System.Text.Json.JsonDocument]::Parse([System.IO.File]::ReadAllText($Scripts)).RootElement.EnumerateArray()
foreach ($one in $given) {
    $path = $one.GetProperty('path').GetString()
    $text = $one.GetProperty('text').GetString()
    $tokens = $null
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$errors)
    foreach ($wrong in $errors) { Say $path $wrong 'parse' @{ what = $wrong.Message } }
    SayTokens $path $tokens (SayNodes $path $ast)
    $word = $suspicious.Invoke($null, @($text))
    if ($null -ne $word) { Say $path $ast 'trigger' @{ what = "$word" } }
}
[System.IO.File]::WriteAllText($Facts, (ConvertTo-Json -InputObject $script:found.ToArray() -Depth 6 -Compress))
