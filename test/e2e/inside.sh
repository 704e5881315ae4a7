#!/bin/bash
# inside.sh COMMAND…: runs it in a network, mount and process space of its own, which unshare has just made.
# What Asterisk starts in its root sees the project, Node and the work folder under the paths they have outside.
# ROOT: an Asterisk root, or empty for the Asterisk of this machine. WORK, PROJECT, NODE: absolute paths.
set -euo pipefail
ip link set lo up
[ -n "${ROOT:-}" ] || exec "$@"

show() { # show PATH [OPTION]: binds PATH to the same path below ROOT
  if [ -d "$1" ]; then mkdir -p "$ROOT$1"; else mkdir -p "$(dirname "$ROOT$1")" && touch "$ROOT$1"; fi
  mount -o "bind${2:+,$2}" "$1" "$ROOT$1"
}

mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
show "$WORK"
show "$PROJECT" ro
show "$NODE" ro
if ! chroot "$ROOT" "$NODE" --version >/dev/null 2>&1; then
  echo "this Node (${NODE}) cannot run in ${ROOT}: $(chroot "$ROOT" "$NODE" --version 2>&1 | head -1)" >&2
  exit 77
fi
exec "$@"
