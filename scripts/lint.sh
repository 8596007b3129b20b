#!/usr/bin/env bash
# Format, clang-tidy, shell scripts and the rooms' includes. Called by ./dev lint, which sees to the
# tools and builds build/release first: clang-tidy reads its compile_commands.json and generated files.
#
# usage: lint.sh [--all]   clang-tidy over every source, not only those that differ from main
# shellcheck disable=SC2317  # the functions are called through check and $list
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

sources() { git ls-files --cached --others --exclude-standard "$@" | sort; }
changed() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
  { git diff --name-only --diff-filter=d "$base" -- "$@" && git ls-files --others --exclude-standard "$@"; } | sort -u
}

status=0
check() {
  printf '%s\n' "$1" >&2
  shift
  "$@" || status=1
}

check_format() { sources '*.cc' '*.h' | xargs clang-format-19 --dry-run -Werror; }
check_shell() {
  sources | while read -r file; do
    if [ -f "$file" ] && head -c 64 "$file" | head -n 1 | grep -aq '^#!.*sh$'; then printf '%s\n' "$file"; fi
  done | xargs shellcheck
}
# Findings are on stdout; stderr only counts what was suppressed.
tidy() {
  xargs -r -P "$(nproc)" -n 1 clang-tidy-19 -p build/release --quiet "$@" 2> >(grep -v 'warnings generated' >&2)
}
# The fuzz targets are not in this build.
check_tidy() { "$list" '*.cc' | { grep -vE '^fuzz/|_(test|bench)\.cc$' || true; } | tidy; }
# In tests the analyzer takes minutes over GoogleTest's macros, which it does not see through: after an ASSERT it
# still thinks of the failed case. A test may run a shell.
check_tidy_tests() {
  "$list" '*_test.cc' '*_bench.cc' |
    tidy --checks=-clang-analyzer-*,-cert-env33-c
}

list=changed
case "${1:-}" in
  "") ;;
  --all) list=sources ;;
  *) echo "usage: lint.sh [--all]" >&2 && exit 2 ;;
esac

check "clang-format" check_format
check "shellcheck" check_shell
if [ -f scripts/check_rooms.py ]; then check "rooms" python3 scripts/check_rooms.py; fi
check "clang-tidy ($list)" check_tidy
check "clang-tidy, tests ($list)" check_tidy_tests
exit "$status"
