#!/usr/bin/env bash
# Takes an installation of the Helm chart openg2p-audit-manager away, with its database, its volumes and, when asked, its
# topics. `--help` says what and in which order; docs/install-containers.md when to use it.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: uninstall-audit-manager.sh --namespace NS [OPTION...]

Deletes, in this order, what is still there of:
  1. the Helm release            5. the topics, with --delete-kafka-topics
  2. left-over jobs and pods     6. the volume claims
  3. its Secrets and ConfigMaps  7. the volumes that those claims leave behind as Released
  4. its database and role

  --namespace NS             where the release is
  --release NAME             audit-manager by default
  --postgres-release NAME    release of PostgreSQL, commons-postgresql by default
  --postgres-namespace NS    its namespace; by default that of the release
  --kafka-release NAME       release of Kafka, commons-kafka by default
  --kafka-namespace NS       its namespace; by default that of the release
  --audit-topic NAME         openg2p.audit.events by default
  --audit-dlq-topic NAME     openg2p.audit.dlq by default
  --delete-kafka-topics      delete both topics with all that is in them
  --keep-pvs                 keep the volume claims and their volumes
  --discard-undelivered      go on although a spool holds events that were accepted and not delivered yet, or the topics that are to be
                             deleted hold events that are not in the database
  --dry-run                  show what would be deleted, and delete nothing
  --yes                      do not ask
  --help                     this text

Refuses while a spool holds events that are not delivered, and where it cannot tell; with --delete-kafka-topics also while the
consumer group lags. Without that option it warns of the lag: those events stay in the topic. Exit codes: 0 all of it is gone, or was
shown; 1 refused, or something failed: run it again, what is gone already is passed over; 2 the command line is wrong.
USAGE
}

fail() {
  printf 'uninstall-audit-manager.sh: %s\n' "$*" >&2
  exit 1
}
wrong() {
  printf 'uninstall-audit-manager.sh: %s. --help shows all options.\n' "$*" >&2
  exit 2
}

namespace="" release=audit-manager
postgres_release=commons-postgresql postgres_namespace=""
kafka_release=commons-kafka kafka_namespace=""
topic=openg2p.audit.events dlq_topic=openg2p.audit.dlq
delete_topics=false keep_volumes=false discard=false dry_run=false asked=true

while [ $# -gt 0 ]; do
  option=$1
  shift
  case "$option" in
    --*=*)
      set -- "${option#*=}" "$@"
      option=${option%%=*}
      case "$option" in
        --delete-kafka-topics | --keep-pvs | --discard-undelivered | --dry-run | --yes | --help) wrong "$option takes no value" ;;
      esac
      ;;
  esac
  case "$option" in
    --namespace | --release | --postgres-release | --postgres-namespace | --kafka-release | --kafka-namespace | \
      --audit-topic | --audit-dlq-topic)
      if [ $# -eq 0 ] || [ -z "$1" ] || [ "${1#--}" != "$1" ]; then wrong "$option needs a value"; fi
      value=$1
      shift
      ;;
  esac
  case "$option" in
    --namespace) namespace=$value ;;
    --release) release=$value ;;
    --postgres-release) postgres_release=$value ;;
    --postgres-namespace) postgres_namespace=$value ;;
    --kafka-release) kafka_release=$value ;;
    --kafka-namespace) kafka_namespace=$value ;;
    --audit-topic) topic=$value ;;
    --audit-dlq-topic) dlq_topic=$value ;;
    --delete-kafka-topics) delete_topics=true ;;
    --keep-pvs) keep_volumes=true ;;
    --discard-undelivered) discard=true ;;
    --dry-run) dry_run=true ;;
    --yes) asked=false ;;
    --help | -h) usage && exit 0 ;;
    *) wrong "there is no option '$option'" ;;
  esac
done

# Names go into label selectors and patterns, so nothing else may come through.
check_name() { # OPTION VALUE PATTERN
  if ! LC_ALL=C grep -qzxE "$3" < <(printf '%s' "$2"); then wrong "$1 '$2' is not a name that can be there"; fi
}
[ -n "$namespace" ] || wrong "--namespace is missing: where is the release?"
: "${postgres_namespace:=$namespace}" "${kafka_namespace:=$namespace}"
kubernetes_name='[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
release_name='[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?'
topic_name='[A-Za-z0-9._][A-Za-z0-9._-]{0,248}'
check_name --namespace "$namespace" "$kubernetes_name"
check_name --postgres-namespace "$postgres_namespace" "$kubernetes_name"
check_name --kafka-namespace "$kafka_namespace" "$kubernetes_name"
check_name --release "$release" "$release_name"
check_name --postgres-release "$postgres_release" "$release_name"
check_name --kafka-release "$kafka_release" "$release_name"
check_name --audit-topic "$topic" "$topic_name"
check_name --audit-dlq-topic "$dlq_topic" "$topic_name"
for tool in kubectl helm; do
  command -v "$tool" >/dev/null || fail "$tool is not on the PATH; it is needed to look at the cluster"
done

ours=app.kubernetes.io/instance=$release
# A name as a regular expression that matches it alone.
exactly() { printf '%s' "${1//./\\.}"; }
in_namespace() { kubectl --namespace "$namespace" "$@"; }
# What is asked before anything is deleted; a failure here leaves all as it is.
look() { "$@" || fail "'$*' failed, see above; nothing was deleted"; }

# --- what is there

# After their deletion nothing tells what the resources and the database were called.
workloads=$(look in_namespace get statefulsets,deployments --selector "$ours,app.kubernetes.io/component=audit-manager" \
  --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
variable() { # NAME: what the pods have it set to
  in_namespace get statefulsets,deployments --selector "$ours,app.kubernetes.io/component=audit-manager" --output \
    "jsonpath={.items[0].spec.template.spec.containers[?(@.name==\"audit-manager\")].env[?(@.name==\"$1\")].value}"
}
if [ -n "$workloads" ]; then
  database=$(look variable DB_NAME)
  role=$(look variable DB_USER)
fi
: "${database:=${release//-/_}}" "${role:=${release//-/_}_user}"
# As the chart names it.
case "$release" in *audit-manager*) fullname=$release ;; *) fullname=$release-audit-manager ;; esac

releases=$(look helm list --namespace "$namespace" --all --short --filter "^$(exactly "$release")\$")
leftovers=$(look in_namespace get jobs,pods --selector "$ours" --output name)
settings=$(look in_namespace get secrets,configmaps --selector "$ours" --output name)
# The Secret of the database's password that the former sub-chart made has no such label.
password=$(look in_namespace get secret "$release" --ignore-not-found --output "jsonpath={.data.$(exactly "$release")-db-user}")
if [ -n "$password" ]; then settings=$(printf '%s\n' "$settings" "secret/$release" | sed '/^$/d' | sort -u); fi
claims=$(look in_namespace get persistentvolumeclaims --selector "$ours" --output name)

# Any that takes writes.
first_pod() { # NAMESPACE RELEASE NAME
  look kubectl --namespace "$1" get pods --field-selector status.phase=Running \
    --selector "app.kubernetes.io/instance=$2,app.kubernetes.io/name=$3,app.kubernetes.io/component!=read" --output name |
    head -n 1
}
postgres_pod=$(first_pod "$postgres_namespace" "$postgres_release" postgresql)
kafka_pod=""
if $delete_topics; then kafka_pod=$(first_pod "$kafka_namespace" "$kafka_release" kafka); fi

# Released volumes of this release: NAME, a line each. A StatefulSet's name is unique in its namespace, and with it the names
# of its claims; the volumes of other claims are somebody else's. Those with another policy than Retain go by themselves.
volumes() { # PHASE
  local names=$fullname
  if [ -n "$workloads" ]; then names=$(paste -sd '|' <<<"$workloads"); fi
  names="data-($(exactly "$names"))-[0-9]+"
  if [ -n "$claims" ]; then names="$names|$(exactly "$(printf '%s\n' "$claims" | sed 's#.*/##' | paste -sd '|')")"; fi
  kubectl get persistentvolumes --output 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.phase}{" "}'`
    `'{.spec.persistentVolumeReclaimPolicy}{" "}{.spec.claimRef.namespace}/{.spec.claimRef.name}{"\n"}{end}' |
    sed -nE "s#^([^ ]+) $1 Retain $namespace/($names)\$#persistentvolume/\1#p"
}
released=""
if ! $keep_volumes; then released=$(look volumes '(Bound|Released)'); fi

# --- is anything in it that nobody else has?

# `audit-manager spool inspect` says for each reader how far it is.
undelivered() { # what it said
  awk '/no spool in / { print 0; none = 1; exit }
       $1 == "reader" { readers++; if ($3 != "dealt") damaged = 1; else if ($7 - $5 > most) most = $7 - $5 }
       $1 == "DAMAGED:" { damaged = 1 }
       $2 == "records," { records = $1 }
       END { if (none) exit; if (damaged || records == "") print "unknown"; else print readers ? most + 0 : records }' <<<"$1"
}

pods=$(look in_namespace get pods --selector "$ours" --field-selector status.phase=Running --output \
  'jsonpath={range .items[*]}{.metadata.name}{" "}{.spec.containers[*].name}{"\n"}{end}')
running=""
in_danger=""
while read -r pod containers; do
  case " $containers " in *" audit-manager "*) ;; *) continue ;; esac
  running="$running $pod "
  said=$(in_namespace exec "$pod" --container audit-manager -- audit-manager spool inspect </dev/null 2>&1) || true
  left=$(undelivered "$said")
  case "$left" in
    0) ;;
    unknown) in_danger+="pod $pod does not say what its spool holds: $said"$'\n' ;;
    *) in_danger+="pod $pod has $left undelivered events"$'\n' ;;
  esac
done <<<"$pods"
for claim in $claims; do
  claim=${claim#*/}
  case "$running" in *" ${claim#data-} "*) ;; *) in_danger+="claim $claim is of a replica that does not run, so nobody can say what its spool holds"$'\n' ;; esac
done

# What is in the topic and not in the database. Each replica knows it of the partitions that it reads; one of a partition whose
# end it has not heard of yet has no sample.
lag_of() { # METRICS: events, partitions read, of how many of them it is known, partitions of the topic; empty without Kafka
  awk '$1 ~ /^audit_manager_kafka_consumer_lag_events\{/ { events += $2; known++ }
       $1 == "audit_manager_kafka_assigned_partitions" { read = $2; kafka = 1 }
       $1 == "audit_manager_kafka_topic_partitions" { partitions = $2 }
       END { if (kafka) printf "%d %d %d %d\n", events, read, known, partitions }' <<<"$1"
}
lag=0 read=0 known=0 partitions=0
behind=""
for pod in $running; do
  if ! said=$(in_namespace exec "$pod" --container audit-manager -- audit-manager metrics </dev/null 2>&1); then
    behind+="pod $pod does not say how far it is with the topic: $said"$'\n'
    continue
  fi
  IFS=' ' read -r events reads knows topic_partitions <<<"$(lag_of "$said")"
  lag=$((lag + ${events:-0})) read=$((read + ${reads:-0})) known=$((known + ${knows:-0}))
  if [ "${topic_partitions:-0}" -gt "$partitions" ]; then partitions=$topic_partitions; fi
done
if [ "$lag" -gt 0 ]; then behind="$lag events in the topic $topic are not in the database yet"$'\n'"$behind"; fi
if [ "$partitions" -gt "$read" ]; then
  behind+="$((partitions - read)) of the topic's $partitions partitions are read by no running pod"$'\n'
fi
if [ "$read" -gt "$known" ]; then
  behind+="of $((read - known)) partitions the pods do not know yet how many events are not in the database"$'\n'
fi

# --- what will be done

show() { # TITLE LINES
  if [ -n "$2" ]; then printf '%s\n' "$2" | sed "s|^|  $1  |"; fi
}
printf 'In the cluster of the context %s, namespace %s, this is deleted:\n' "$(kubectl config current-context)" "$namespace"
show "release " "$releases"
show "left    " "$leftovers"
show "settings" "$settings"
if [ -n "$postgres_pod" ]; then
  printf '  database  %s and role %s, through %s in %s\n' "$database" "$role" "$postgres_pod" "$postgres_namespace"
else
  printf '  (no running pod of the release %s in %s: the database %s and the role %s are left)\n' \
    "$postgres_release" "$postgres_namespace" "$database" "$role"
fi
if ! $delete_topics; then
  printf '  (the topics are kept without --delete-kafka-topics)\n'
elif [ -n "$kafka_pod" ]; then
  printf '  topics    %s and %s, through %s in %s\n' "$topic" "$dlq_topic" "$kafka_pod" "$kafka_namespace"
else
  printf '  (no running pod of the release %s in %s: the topics are left)\n' "$kafka_release" "$kafka_namespace"
fi
if $keep_volumes; then
  printf '  (volume claims and volumes are kept: --keep-pvs)\n'
else
  show "claim   " "$claims"
  show "volume  " "$released"
fi

refused=false
if [ -n "$in_danger" ]; then
  printf '\nEvents that were accepted and not delivered yet would be lost:\n%s' "$in_danger" >&2
  if ! $discard; then
    refused=true
    cat >&2 <<ADVICE
Stop the callers, see to it that Kafka can be reached, and wait until the pods have published what they hold. The spool of a
replica that does not run is published by
  helm upgrade $release CHART --namespace $namespace --reuse-values --set 'auditManager.spoolDrain.claims={CLAIM}'
then delete that claim. --discard-undelivered goes on all the same.
ADVICE
  fi
fi
if [ -n "$behind" ] && [ -z "$kafka_pod" ]; then
  printf '\nNot all events of the topic are in the database; they stay in the topic:\n%s' "$behind" >&2
elif [ -n "$behind" ]; then
  printf '\nEvents that are in the topic alone would be lost with it:\n%s' "$behind" >&2
  if ! $discard; then
    refused=true
    cat >&2 <<'ADVICE'
Stop the callers and wait until the pods have stored what the topic holds, or keep the topics: leave --delete-kafka-topics out.
--discard-undelivered goes on all the same.
ADVICE
  fi
fi
if $refused; then fail "refused; nothing was deleted"; fi
if $dry_run; then
  printf 'Nothing was deleted: --dry-run.\n'
  exit 0
fi
if $asked; then
  printf 'Type the name of the release to delete all of this: '
  read -r typed || typed=""
  [ "$typed" = "$release" ] || fail "that is not '$release'; nothing was deleted"
fi

# --- do it

step="" # what is being deleted
at_the_end() {
  [ -n "$step" ] || return 0
  printf 'uninstall-audit-manager.sh: %s: failed, see above. What comes after it is still there: run this again when the cause is mended' "$step"
  if [ -n "$claims" ] && [ -z "$in_danger" ]; then
    printf ', with --discard-undelivered where it asks for replicas that are gone: this time their spools held nothing'
  fi
  printf '.\n'
} >&2
trap at_the_end EXIT
begin() {
  step=$1
  printf '%s\n' "$step"
}
delete_names() { # NAMES: each with its kind
  local names
  mapfile -t names <<<"$1"
  in_namespace delete --ignore-not-found --timeout 5m "${names[@]}"
}
# The password is no argument, which every process could read.
in_postgres() {
  local secret
  secret=$(kubectl --namespace "$postgres_namespace" get secret "$postgres_release" \
    --output 'go-template={{index .data "postgres-password" | base64decode}}')
  { printf '%s\n' "$secret" && cat; } | kubectl --namespace "$postgres_namespace" exec --stdin "$postgres_pod" -- sh -c \
    'IFS= read -r PGPASSWORD && export PGPASSWORD && exec psql --no-psqlrc --quiet --username postgres --dbname postgres "$@"' sh \
    --set ON_ERROR_STOP=1 --set "database=$database" --set "role=$role"
}

if [ -n "$releases" ]; then
  begin "the release $release"
  helm uninstall "$release" --namespace "$namespace" --wait --timeout 10m
fi
begin "left-over jobs and pods"
in_namespace delete jobs,pods --selector "$ours" --ignore-not-found --timeout 5m
if [ -n "$settings" ]; then
  begin "Secrets and ConfigMaps"
  delete_names "$settings"
fi
if [ -n "$postgres_pod" ]; then
  begin "the database $database and the role $role"
  in_postgres <<'SQL'
DROP DATABASE IF EXISTS :"database" WITH (FORCE);
DROP ROLE IF EXISTS :"role";
SQL
fi
if [ -n "$kafka_pod" ]; then
  for name in "$topic" "$dlq_topic"; do
    begin "the topic $name"
    # kafka-topics.sh takes the name for a pattern.
    # shellcheck disable=SC2016  # expanded in the pod
    kubectl --namespace "$kafka_namespace" exec "$kafka_pod" -- sh -c \
      'PATH=$PATH:/opt/bitnami/kafka/bin:/opt/kafka/bin && exec kafka-topics.sh "$@"' sh \
      --bootstrap-server localhost:9092 --delete --if-exists --topic "$(exactly "$name")"
  done
fi
if ! $keep_volumes; then
  if [ -n "$claims" ]; then
    begin "volume claims"
    delete_names "$claims"
  fi
  begin "released volumes"
  # A volume is Released a moment after its claim is gone.
  deadline=$((SECONDS + ${RELEASE_PATIENCE_SECONDS:-60}))
  while [ -n "$(volumes Bound)" ] && [ "$SECONDS" -lt "$deadline" ]; do sleep 1; done
  bound=$(volumes Bound)
  [ -z "$bound" ] || fail "still bound to a claim: $bound"
  released=$(volumes Released)
  if [ -n "$released" ]; then delete_names "$released"; fi
fi
step=""
printf 'Nothing of the release %s is left' "$release"
if $keep_volumes; then printf ' but its volume claims'; fi
printf '.\n'
