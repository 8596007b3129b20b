#!/usr/bin/env bash
# Sends the events on standard input, each a line of JSON such as
#
#     {"type": "record.read", "data": {"actor": {"id": "ann"}, "action": "read", "outcome": "success"}}
#
# one after the other, each again and again until the service has it, and says at the end what became of them.
# Needs curl 7.71 or newer and jq.
set -euo pipefail

url=${AUDIT_URL:?the address of the service, such as http://127.0.0.1:8000/v1/auditmanager}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

accepted=0 refused=0 unsent=0
while read -r line; do
  # Here, once, so that curl repeats the same event: one with another id or time would be another event.
  event=$(jq -c --arg id "$(cat /proc/sys/kernel/random/uuid)" --arg time "$(date -u +%FT%T.%6NZ)" \
    '{specversion: "1.0", id: $id, time: $time, source: "/emit-lines/curl"} + .' <<<"$line")
  # Without --fail: with it, --retry-all-errors would also repeat what the service refuses for good. The delay is
  # random, so that not all callers come at once; curl waits longer where Retry-After asks for it.
  status=$(curl --no-progress-meter -o "$answer" -w '%{http_code}' "$url/events" \
    -H 'content-type: application/cloudevents+json' --data-binary @- \
    --max-time "${AUDIT_TIMEOUT_SECONDS:-10}" --retry 1000000 --retry-all-errors \
    --retry-delay "$((1 + RANDOM % 3))" --retry-max-time "${AUDIT_CLOSE_SECONDS:-300}" <<<"$event") || status=000
  case $status in
    202) accepted=$((accepted + 1)) ;;
    400 | 413 | 415 | 422)
      refused=$((refused + 1))
      # Codes and paths, never values: they may name a person. A proxy's page has neither.
      reason=$(jq -r '[.errors[] | "\(.errorCode) \(.path // "")"] | join(", ")' "$answer" 2>/dev/null) || reason=
      echo "event $(jq -r .id <<<"$event") is refused: HTTP $status $reason" >&2
      ;;
    *)
      unsent=$((unsent + 1))
      echo "event $(jq -r .id <<<"$event") was not sent: HTTP $status" >&2
      ;;
  esac
done
echo "{\"accepted\": $accepted, \"refused\": $refused, \"dropped\": 0, \"unsent\": $unsent}"
[ $((refused + unsent)) -eq 0 ]
