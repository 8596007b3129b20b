{{/* A quantity of Kubernetes in bytes. */}}
{{- define "audit-manager.bytes" -}}
{{- $units := dict "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "M" 1000000 "G" 1000000000 "T" 1000000000000 "P" 1000000000000000 -}}
{{- mul (regexFind "^[0-9]+" . | int64) (get $units (regexFind "[MGTPi]+$" .) | int64) -}}
{{- end -}}

{{/* Fills `file` with `settings` under the names of docs/configuration.md. Whole numbers stay whole: Helm reads all of them as
floating point and would write 6.048e+08. */}}
{{- define "audit-manager.fillFile" -}}
{{- range $name, $value := .settings -}}
  {{- $key := ternary $name (snakecase $name) $.literal -}}
  {{- if kindIs "map" $value -}}
    {{- $section := dict -}}
    {{- include "audit-manager.fillFile" (dict "settings" $value "file" $section "literal" (eq $name "properties") "root" $.root) -}}
    {{- $_ := set $.file $key $section -}}
  {{- else if kindIs "float64" $value -}}
    {{- $_ := set $.file $key (ternary (int64 $value) $value (eq (floor $value) $value)) -}}
  {{- else if kindIs "string" $value -}}
    {{- $_ := set $.file $key (tpl $value $.root) -}}
  {{- else if not (kindIs "invalid" $value) -}}
    {{- $_ := set $.file $key $value -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "audit-manager.dataDir" -}}
{{- .Values.auditManager.appConfig.dataDir | default "/var/lib/audit-manager" -}}
{{- end -}}

{{/* The configuration file. What the chart knows itself goes in where `appConfig` is silent. */}}
{{- define "audit-manager.configuration" -}}
{{- $values := .Values.auditManager -}}
{{- $stated := deepCopy $values.appConfig -}}
{{- $spool := dict -}}
{{- if not (dig "spool" "maxBytes" "" $stated) -}}
  {{- $budget := div (mul (include "audit-manager.bytes" $values.persistence.size | int64) 4) 5 -}}
  {{- if lt $budget 201326592 -}}
    {{- fail (printf "auditManager.persistence.size is %s: four fifths of it must hold three segments of 64 MiB; give at least 240Mi, or set appConfig.spool.maxBytes and .segmentBytes" $values.persistence.size) -}}
  {{- end -}}
  {{- $_ := set $spool "maxBytes" $budget -}}
{{- end -}}
{{- $port := dig "http" "port" $values.containerPort $stated -}}
{{- if ne (int $port) (int $values.containerPort) -}}
  {{- fail (printf "auditManager.appConfig.http.port is %v and auditManager.containerPort is %v: set containerPort alone" $port $values.containerPort) -}}
{{- end -}}
{{- $http := dict "port" $values.containerPort -}}
{{- if .Values.tls.enabled -}}
  {{- $http = merge $http (dict "tlsCertificateFile" "/etc/audit-manager/tls/tls.crt" "tlsKeyFile" "/etc/audit-manager/tls/tls.key") -}}
{{- end -}}
{{- $kafka := dict "topics" (pick $values.topicInit "partitions" "replicationFactor" "retentionMs" "compressionType") -}}
{{- with .Values.kafka.security -}}
  {{- if ne .protocol "plaintext" -}}
    {{- $security := dict "protocol" .protocol -}}
    {{- $variables := merge dict ($values.envVars | default dict) ($values.envVarsFrom | default dict) -}}
    {{- if hasPrefix "sasl" .protocol -}}
      {{- $_ := set $security "saslMechanism" .saslMechanism -}}
      {{- if not (or .existingSecret (hasKey $variables "AUDIT_MANAGER__KAFKA__SECURITY__PASSWORD")) -}}
        {{- fail (printf "kafka.security.protocol is %s and kafka.security.existingSecret is empty: name the Secret with the user's name and password" .protocol) -}}
      {{- end -}}
    {{- end -}}
    {{- if contains "ssl" .protocol -}}
      {{- range $setting, $key := dict "caFile" .caKey "certificateFile" .certificateKey "keyFile" .keyKey -}}
        {{- if $key }}{{ $_ := set $security $setting (printf "/etc/audit-manager/kafka/%s" $key) }}{{ end -}}
      {{- end -}}
    {{- end -}}
    {{- $_ := set $kafka "security" $security -}}
  {{- end -}}
{{- end -}}
{{- $known := dict
  "dataDir" (include "audit-manager.dataDir" .)
  "http" $http
  "ingest" (dict "durability" (ternary "synced" "replicated" $values.persistence.enabled))
  "spool" $spool
  "kafka" $kafka -}}
{{- $file := dict -}}
{{- include "audit-manager.fillFile" (dict "settings" (merge $stated $known) "file" $file "literal" false "root" .) -}}
{{- toYaml (dict "audit_manager" $file) -}}
{{- end -}}

{{/* A ConfigMap with it: (list $ NAME COMPONENT ANNOTATIONS). */}}
{{- define "audit-manager.configMap" -}}
apiVersion: v1
kind: ConfigMap
{{ include "audit-manager.metadata" . }}
data:
  config.yaml: |
    {{- include "audit-manager.configuration" (index . 0) | nindent 4 }}
{{- end -}}

{{/* Environment variables by name, as a list; what `auditManager.envVars` and `.envVarsFrom` state wins over the chart's own.
(dict "root" $ "own" NAME-TO-VALUE "leaveOut" PREFIX) */}}
{{- define "audit-manager.environment" -}}
{{- $root := .root -}}
{{- $own := deepCopy .own -}}
{{- with $root.Values.kafka.security -}}
  {{- $keys := dict -}}
  {{- if hasPrefix "sasl" .protocol }}{{ $keys = dict "USERNAME" .usernameKey "PASSWORD" .passwordKey }}{{ end -}}
  {{- if contains "ssl" .protocol }}{{ $_ := set $keys "KEY_PASSWORD" .keyPasswordKey }}{{ end -}}
  {{- range $name, $key := $keys -}}
    {{- if and $key $root.Values.kafka.security.existingSecret -}}
      {{- $_ := set $own (printf "AUDIT_MANAGER__KAFKA__SECURITY__%s" $name) (dict "secretKeyRef" (dict "name" $root.Values.kafka.security.existingSecret "key" $key)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $variables := merge dict ($root.Values.auditManager.envVars | default dict) ($root.Values.auditManager.envVarsFrom | default dict) $own -}}
{{- range $name, $value := $variables -}}
  {{- if not (or (kindIs "invalid" $value) (and $.leaveOut (hasPrefix $.leaveOut $name))) -}}
{{ printf "\n- name: %s" $name }}
  {{- if kindIs "map" $value }}
  valueFrom:
    {{- include "audit-manager.render" (list $root $value) | nindent 4 }}
  {{- else if kindIs "float64" $value }}
  value: {{ ternary (int64 $value) $value (eq (floor $value) $value) | toString | quote }}
  {{- else }}
  value: {{ tpl (toString $value) $root | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The keys of `kafka.security.existingSecret` that are files, separated by blanks. */}}
{{- define "audit-manager.kafkaFiles" -}}
{{- with .Values.kafka.security -}}
{{- ternary (list .caKey .certificateKey .keyKey | compact | join " ") "" (contains "ssl" .protocol) -}}
{{- end -}}
{{- end -}}

{{/* Where the configuration and what it names lie in a container. */}}
{{- define "audit-manager.configurationMounts" -}}
- name: config
  mountPath: /app/config
  readOnly: true
{{- if .Values.tls.enabled }}
- name: tls
  mountPath: /etc/audit-manager/tls
  readOnly: true
{{- end }}
{{- if include "audit-manager.kafkaFiles" . }}
- name: kafka
  mountPath: /etc/audit-manager/kafka
  readOnly: true
{{- end }}
{{- end -}}

{{/* (list $ NAME-OF-THE-CONFIGMAP) */}}
{{- define "audit-manager.configurationVolumes" -}}
{{- $root := index . 0 -}}
- name: config
  configMap:
    name: {{ index . 1 }}
{{- if $root.Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ required "tls.secretName is empty, but tls.enabled is true: name the Secret with tls.crt and tls.key" $root.Values.tls.secretName }}
{{- end }}
{{- with include "audit-manager.kafkaFiles" $root }}
- name: kafka
  secret:
    secretName: {{ required (printf "kafka.security.existingSecret is empty: name the Secret that has %s" .) $root.Values.kafka.security.existingSecret }}
    items:
      {{- range splitList " " . }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
{{- end }}
{{- end -}}
