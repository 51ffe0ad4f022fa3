#!/bin/bash
# The wheel brings no valkey-cli: ask Valkey the one word given and show the first line that it answers.
set -eu

exec 3<> /dev/tcp/127.0.0.1/6379
printf '%s\r\n' "$1" >&3
head -n 1 <&3
