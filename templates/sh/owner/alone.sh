# alone BYTES COMMAND...: the leader of a session; the command gets pipes to here, and the file answer at most so many bytes of it.
echo $$ >session
most=$1
shift
{
  cat | (cd / && exec "$@")
  echo $? >code
} | head -c "$most" >answer
mv code ended
