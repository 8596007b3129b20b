# shellcheck shell=sh
# Sends an event to the release's Service and looks for its row: run by `helm test` in a pod of its own.
audit-manager healthcheck --insecure --url "$SERVICE_URL"
printf '{"id": "%s", "source": "/helm-test", "type": "helm.test", "data": {%s, "action": "test", "outcome": "success"}}' \
  "$EVENT_ID" '"actor": {"type": "system", "id": "helm-test"}' | audit-manager emit --insecure --url "$SERVICE_URL" --quiet -
echo "event $EVENT_ID was accepted"
tries=${TRIES:-60}
while [ "$tries" -gt 0 ]; do
  # Right after an installation the table may not be there yet.
  row=$(audit-manager events --id "$EVENT_ID" --since 1h --format ndjson) || row=
  if [ -n "$row" ]; then
    echo "and stored: $row"
    exit 0
  fi
  tries=$((tries - 1))
  sleep 1
done
echo "but is not in the store after ${TRIES:-60} looks: see audit_manager_store_up and the log of the pods" >&2
exit 1
