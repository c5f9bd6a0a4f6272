function Get-Reason($state) {
  switch -CaseSensitive ($state) {
    'link' { 'is a symbolic link, or not on this disk, which is not followed'; break }
    'linked' { 'is in a folder that is a symbolic link or junction, which is not followed'; break }
    'kind' { 'is not a regular file'; break }
    'folder' { 'is below something that is not a folder'; break }
    'large' { 'is larger than ' + $LARGEST + ' bytes'; break }
    'loose' { 'can be written by others than administrators; fix that with icacls'; break }
    'shared' { 'is below a folder in which others than administrators can replace files; fix that with icacls'; break }
    'readable' { 'can be read by other accounts, and would hold the token; fix that with icacls'; break }
    'closed' { 'cannot be read by the CLI, only by administrators; fix that with icacls'; break }
    'record' { 'has an undo record that cannot be read'; break }
    default { 'cannot be read' }
  }
}
