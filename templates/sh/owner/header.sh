#!/bin/sh
# Prints the header that Claude Code sends its telemetry with, from the token file beside this program. Made by otel-crossfade.
IFS= read -r token <"${0%/*}/crossfade-token" || [ -n "$token" ] || exit 1
printf '{"Authorization":"Bearer %s"}\n' "$token"
