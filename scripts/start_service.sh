#!/usr/bin/env bash
# Starts the service in the foreground and, once it is ready, says where it is and what to try.
#
# usage: start_service.sh BINARY [ARGS of `audit-manager serve`]
set -euo pipefail
binary=$1
shift

# The effective port, found as the service finds it: argument, environment, default.
port=${AUDIT_MANAGER__HTTP__PORT:-8000}
data_dir=${AUDIT_MANAGER__DATA_DIR:-./data}
previous=
for argument in "$@"; do
  case "$previous$argument" in
    --port=*) port=${argument#--port=} ;;
    --data-dir=*) data_dir=${argument#--data-dir=} ;;
    --port*) port=$argument ;;
    --data-dir*) data_dir=$argument ;;
  esac
  case "$argument" in --port | --data-dir) previous=$argument ;; *) previous= ;; esac
done
url=http://127.0.0.1:$port/v1/auditmanager

announce() {
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$$" 2>/dev/null || return
    sleep 0.05
  done
  cat >&2 <<MESSAGE

  Audit Manager is ready    $url
  API page                  $url/docs
  data folder               $(realpath "$data_dir")
  try                       curl -i $url/events -H 'content-type: application/json' -d '{"source":"me","type":"demo.try","data":{"actor":{"id":"ann"},"action":"try","outcome":"success"}}'
  then                      $binary events
MESSAGE
}

announce &
exec "$binary" serve "$@"
