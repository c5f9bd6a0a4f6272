# Test-Busy EXCEPTION: whether another program has the file open: sharing, lock, or the one step of a replacement that left it untouched.
function Test-Busy($exception) { 32, 33, 1175, 11 -contains (Get-ErrorCode $exception) }
