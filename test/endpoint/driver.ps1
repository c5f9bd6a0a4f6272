# Runs many cases in one process through EdRun of the editor, without what its entry does with the file, as driver.awk does.
# With "enter" instead of "run" it goes through the entry.
# Cases: lines "case FORMAT MODE TEXT", "before LINE", "plan LINE", "run"; TEXT escaped as EdOneLine does
# Outcomes: "text TEXT", "record LINE", "message LINE", "exit CODE"; answers of get stand as they are
param($Editor, $Cases, $Outcomes)
Set-PSDebug -Off
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
foreach ($part in [System.IO.Directory]::GetFiles($Editor, '*.ps1')) { . $part }

function Write-Outcome($out, $done, $format) {
    if ($null -ne $done.Text) { $out.Write("text`t" + (EdOneLine $done.Text) + "`n") }
    if (@($done.Record).Count -gt 0) {
        if (-not [string]::Equals($done.Record[0], "crossfade-undo`t1`t$format")) { throw 'the record has another head' }
        for ($i = 1; $i -lt $done.Record.Count; $i++) { $out.Write("record`t" + $done.Record[$i] + "`n") }
    }
    foreach ($line in $done.Lines) { $out.Write($line + "`n") }
    foreach ($line in $done.Messages) { $out.Write("message`t" + $line + "`n") }
    $out.Write("exit`t" + $done.Code + "`n")
}

$latin = [System.Text.Encoding]::GetEncoding(28591)
$in = New-Object System.IO.StreamReader($Cases, $latin, $false)
$out = New-Object System.IO.StreamWriter($Outcomes, $false, $latin)
$plan = New-Object 'System.Collections.Generic.List[string]'
$before = New-Object 'System.Collections.Generic.List[string]'
$head = @()
# A carriage return belongs to a line: the reader's own lines would end there.
foreach ($line in $in.ReadToEnd().Split([char]10)) {
    $tab = $line.IndexOf([char]9)
    $verb = if ($tab -ge 0) { $line.Substring(0, $tab) } else { $line }
    $rest = $line.Substring($tab + 1)
    if ($verb -eq 'case') { $head = $rest.Split([char[]]@(9), 3); $plan.Clear(); $before.Clear() }
    elseif ($verb -eq 'plan') { $plan.Add($rest) }
    elseif ($verb -eq 'before') { $before.Add($rest) }
    elseif ($verb -eq 'run') {
        EdStart $head[1] $head[0] $plan.ToArray() $before.ToArray() 'file'
        $script:Ed.Text = EdUnescape $head[2]
        Write-Outcome $out (EdResult (EdRun)) $head[0]
    } elseif ($verb -eq 'enter') {
        # The tables with which texts are read here are made by a start.
        EdStart $head[1] $head[0] @() @() 'file'
        $text = EdUnescape $head[2]
        Write-Outcome $out (Invoke-Editor $head[1] $head[0] $plan.ToArray() $text $before.ToArray()) $head[0]
    }
}
$out.Dispose()
