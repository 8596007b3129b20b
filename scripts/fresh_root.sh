#!/usr/bin/env bash
# The README's promise on a Debian 12 with nothing installed: makes such a root, clones the
# committed state of this repository into it, runs `./dev run` there and then the README's commands. As root;
# needs mmdebstrap, git, curl and port 8000. Packages come from wherever this machine gets its own.
#
# usage: fresh_root.sh [FOLDER]   where to make the root (kept afterwards); default: a temporary one
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "fresh_root.sh: chroot needs root" >&2 && exit 1; }

if [ $# -gt 0 ]; then root=$1; else root=$(mktemp -d /var/tmp/fresh-root.XXXXXX); fi
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" || true
  fi
  mountpoint -q "$root/proc" && umount "$root/proc"
  if [ $# -eq 0 ]; then rm -rf --one-file-system "$root"; fi
}
# shellcheck disable=SC2064  # the arguments as they are now
trap "finish $*" EXIT

if [ ! -e "$root/etc/debian_version" ]; then "$source/scripts/debian_root.sh" "$root"; fi
# How this machine reaches its network: names, its own certificate authorities, pip's settings.
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mkdir -p "$root/usr/local/share" && cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"
if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/"; fi
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"

rm -rf "$root/srv/audit-manager"
git clone -q "$source" "$root/srv/audit-manager"
in_root() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot "$root" "$@"; }

started=$SECONDS
in_root /srv/audit-manager/dev run &
server=$!
until curl -fs -o /dev/null http://127.0.0.1:8000/v1/auditmanager/health/ready; do
  kill -0 "$server" || { echo "fresh_root.sh: ./dev run ended" >&2 && exit 1; }
  sleep 1
done
printf 'fresh_root.sh: from clone to ready: %s s\n' "$((SECONDS - started))"
in_root sh -c 'cd /srv/audit-manager && exec python3 tests/documentation_test.py --running README.md'
printf 'fresh_root.sh: passed\n'
