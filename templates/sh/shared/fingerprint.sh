# The first 12 hex digits of SHA-256 over a token.
fingerprint() {
  if have sha256sum; then
    put "$1" | sha256sum
  elif have shasum; then
    put "$1" | shasum -a 256
  else
    put "$1" | openssl dgst -sha256 -r
  fi | cut -c1-12
}
