#!/bin/sh
# Installs the servers and the browser that the tests talk to, where apt may be used.
# Where it may not, says so and succeeds: the tests then skip what needs them, by name.
set -u

missing=""
command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
command -v caddy >/dev/null 2>&1 || missing="$missing caddy"
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo -n"
    sudo -n true 2>/dev/null || as_root="no"
fi
if [ "$as_root" = "no" ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Cannot install$missing here; the tests that need them are skipped."
    exit 0
fi

echo "Installing$missing for the tests …"
# RUNLEVEL=1 keeps Debian from starting the servers: the tests start their own.
# shellcheck disable=SC2086
{ $as_root apt-get update -q && $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends $missing fonts-liberation; } >/dev/null 2>&1 ||
    echo "apt could not install$missing; the tests that need them are skipped."
exit 0
