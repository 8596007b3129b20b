#!/usr/bin/env bash
# Starts the service in the foreground; when it says that it is ready, says where it is and what to try.
#
# usage: start_service.sh BINARY [ARGS of `audit-manager serve`]
set -euo pipefail
binary=$1
shift

# Passes the log on, and speaks after the line of the service that names its address and folder.
announce() {
  trap '' INT TERM # a Ctrl-C is for the service, whose last lines are to be seen
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    if [[ $line =~ ready.*url[\":=]+([^\"\ ]+).*data_dir[\":=]+([^\"\ ]+) ]]; then
      cat <<MESSAGE

  Audit Manager is ready    ${BASH_REMATCH[1]}
  API page                  ${BASH_REMATCH[1]}/docs
  data folder               $(realpath "${BASH_REMATCH[2]}")
  try                       curl -i ${BASH_REMATCH[1]}/events -H 'content-type: application/json' -d '{"source":"/me","type":"demo.try","data":{"actor":{"id":"ann"},"action":"try","outcome":"success"}}'
  then                      $binary events
  stop                      Ctrl-C

MESSAGE
    fi
  done
}

export AUDIT_MANAGER__LOGGING__FORMAT=${AUDIT_MANAGER__LOGGING__FORMAT:-text}
exec "$binary" serve "$@" 2> >(announce >&2)
