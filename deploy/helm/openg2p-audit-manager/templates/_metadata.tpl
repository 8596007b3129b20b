{{/* The name of most resources: the release's, with the chart's short name unless that is in it already. With the longest of the
endings, -postgres-init, it must still be a label: 63 characters. */}}
{{- define "audit-manager.fullname" -}}
{{- $name := .Values.auditManager.nameOverride | default "audit-manager" -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 49 | trimSuffix "-" -}}
{{- end -}}

{{/* What a Service and the like find pods by: (list $ COMPONENT). The replicas of the Python service have the same. */}}
{{- define "audit-manager.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list $ COMPONENT) */}}
{{- define "audit-manager.labels" -}}
{{- $root := index . 0 -}}
{{ include "audit-manager.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.auditManager.commonLabels }}
{{ include "audit-manager.render" (list $root .) }}
{{- end }}
{{- end -}}

{{/* Name, labels and annotations: (list $ NAME COMPONENT); a fourth are annotations of the resource's own, a fifth labels. */}}
{{- define "audit-manager.metadata" -}}
{{- $root := index . 0 -}}
{{- $own := concat (slice . 3) (list dict dict) -}}
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "audit-manager.labels" (list $root (index . 2)) | nindent 4 }}
    {{- with index $own 1 }}
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
    {{- end }}
  {{- with merge (deepCopy (index $own 0)) $root.Values.auditManager.commonAnnotations }}
  annotations:
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Annotations of a job before install and upgrade, and of what it needs: WEIGHT. Kept when it failed. */}}
{{- define "audit-manager.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* Refuses a kind of resource that the cluster does not know, by what asks for it: (list $ API WHOSE SWITCH). Helm would
say so, too, but not which switch it is. `helm template` asks no cluster; one that answers has apiregistration.k8s.io. */}}
{{- define "audit-manager.requireApi" -}}
{{- $known := (index . 0).Capabilities.APIVersions -}}
{{- if and ($known.Has "apiregistration.k8s.io/v1") (not ($known.Has (index . 1))) -}}
  {{- fail (printf "%s is true, but this cluster does not know %s: install %s first, or set %s=false" (index . 3) (index . 1) (index . 2) (index . 3)) -}}
{{- end -}}
{{- end -}}

{{/* A value in which templates may stand, as YAML or, where it is a string, as it is: (list $ VALUE). */}}
{{- define "audit-manager.render" -}}
{{- $value := index . 1 -}}
{{- if not (kindIs "string" $value) }}{{ $value = toYaml $value }}{{ end -}}
{{- tpl $value (index . 0) -}}
{{- end -}}
