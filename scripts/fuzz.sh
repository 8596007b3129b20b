#!/usr/bin/env bash
# Runs fuzz targets on a corpus that grows in build/, seeded from fuzz/corpus. Called by ./dev fuzz, which configures build/fuzz.
#
# usage: fuzz.sh [TARGET] [SECONDS]   every target in turn, for 60 seconds each, unless told otherwise
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

known=$(ninja -C build/fuzz -t targets all | sed -n 's/^fuzz_\([a-z0-9_]*\): phony$/\1/p')
targets=$known
if [ -n "${1:-}" ] && [[ ! $1 =~ ^[0-9]+$ ]]; then
  grep -qx "$1" <<<"$known" || { printf 'no fuzz target "%s"; there are:\n%s\n' "$1" "$known" >&2 && exit 2; }
  targets=$1
  shift
fi
seconds=${1:-60}

for target in $targets; do
  cmake --build build/fuzz --target "fuzz_$target"
  corpus=build/fuzz/corpus/$target
  findings=build/fuzz/findings/$target
  mkdir -p "$corpus" "$findings" "fuzz/corpus/$target"
  printf '%s for %s s; a finding is written to %s/\n' "$target" "$seconds" "$findings"
  binary=$(find build/fuzz -type f -name "fuzz_$target" -perm -u+x | head -n 1)
  "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$findings/" "$corpus" "fuzz/corpus/$target"
done
