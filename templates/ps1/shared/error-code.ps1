# Get-ErrorCode EXCEPTION: the number of the system's error inside it; 0 if it has none.
function Get-ErrorCode($exception) {
  while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
  if ($exception -is [System.IO.IOException]) { return $exception.HResult -band 0xFFFF }
  if ($exception -is [System.UnauthorizedAccessException]) { return 5 }
  return 0
}
