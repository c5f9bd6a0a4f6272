#!/bin/sh
# Prints the header for Claude Code's telemetry, with the token from the file next to this program. Made by otel-crossfade.
{ { set +xva; } 2>/dev/null; }
unset -v token
IFS= read -r token <"${0%/*}/crossfade-token" || [ -n "$token" ] || exit 1
printf '{"Authorization":"Bearer %s"}\n' "$token"
