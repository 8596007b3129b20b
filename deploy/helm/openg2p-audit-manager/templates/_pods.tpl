{{- define "audit-manager.image" -}}
{{- $image := .Values.auditManager.image -}}
{{- printf "%s:%s" $image.repository (toString ($image.tag | default .Chart.AppVersion)) -}}
{{- end -}}

{{- define "audit-manager.serviceAccountName" -}}
{{- with .Values.auditManager.serviceAccount -}}
{{- .name | default (ternary (include "audit-manager.fullname" $) "default" .create) -}}
{{- end -}}
{{- end -}}

{{/* With a spool on a volume replicas have names of their own. */}}
{{- define "audit-manager.workloadKind" -}}
{{- ternary "StatefulSet" "Deployment" .Values.auditManager.persistence.enabled -}}
{{- end -}}

{{- define "audit-manager.roles" -}}
{{- $roles := .Values.roles -}}
{{- if kindIs "slice" $roles }}{{ $roles = join "," $roles }}{{ end -}}
{{- ternary "ingest" $roles .Values.persister.enabled -}}
{{- end -}}

{{/* What all pods of the chart have in common. */}}
{{- define "audit-manager.pod" -}}
{{- $values := .Values.auditManager -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ tpl . $ }}
  {{- end }}
{{- end }}
{{- $context := $values.podSecurityContext | default dict }}
{{- if not $context.enabled }}
{{- /* Files of the former chart turn it off, and without the group nobody but root may write to a volume. */}}
{{- $context = ternary (pick $context "fsGroup" "fsGroupChangePolicy") dict $values.persistence.enabled }}
{{- end }}
{{- with omit $context "enabled" }}
securityContext:
  {{- include "audit-manager.render" (list $ .) | nindent 2 }}
{{- end }}
{{- range $field := list "affinity" "nodeSelector" "tolerations" "priorityClassName" "hostAliases" }}
{{- with get $values $field }}
{{ $field }}:
  {{- include "audit-manager.render" (list $ .) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "audit-manager.containerSecurity" -}}
{{- with .Values.auditManager.containerSecurityContext }}
{{- if .enabled -}}
securityContext:
  {{- include "audit-manager.render" (list $ (omit . "enabled")) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The image of the service in a container. */}}
{{- define "audit-manager.ourImage" -}}
image: {{ include "audit-manager.image" . | quote }}
imagePullPolicy: {{ .Values.auditManager.image.pullPolicy }}
{{- with include "audit-manager.containerSecurity" . }}
{{ . }}
{{- end }}
{{- end -}}

{{/* A probe, if it is enabled: (list $ NAME). */}}
{{- define "audit-manager.probe" -}}
{{- $root := index . 0 -}}
{{- $probe := get $root.Values.auditManager (index . 1) | default dict -}}
{{- if $probe.enabled -}}
{{- $probe = omit (deepCopy $probe) "enabled" -}}
{{- if or $probe.exec $probe.tcpSocket $probe.grpc }}{{ $probe = omit $probe "httpGet" }}{{ end -}}
{{- if and $probe.httpGet $root.Values.tls.enabled }}{{ $_ := set $probe "httpGet" (merge $probe.httpGet (dict "scheme" "HTTPS")) }}{{ end -}}
{{ index . 1 }}:
  {{- include "audit-manager.render" (list $root $probe) | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* How long the end of a pod may take: the sleep, the service's own bound, and something to close everything in. */}}
{{- define "audit-manager.terminationGracePeriodSeconds" -}}
{{- $values := .Values.auditManager -}}
{{- $own := dig "shutdown" "graceSeconds" 25 $values.appConfig -}}
{{- $values.terminationGracePeriodSeconds | default (add (int $values.preStopSleepSeconds) (int $own) 15) -}}
{{- end -}}

{{- define "audit-manager.preStop" -}}
{{- $values := .Values.auditManager -}}
{{- if $values.lifecycleHooks -}}
lifecycle:
  {{- include "audit-manager.render" (list . $values.lifecycleHooks) | nindent 2 }}
{{- else if gt (int $values.preStopSleepSeconds) 0 -}}
lifecycle:
  preStop:
    {{- /* Before 1.30 the kubelet cannot sleep by itself. */}}
    {{- if semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}
    sleep:
      seconds: {{ int $values.preStopSleepSeconds }}
    {{- else }}
    exec:
      command: [sleep, {{ int $values.preStopSleepSeconds | quote }}]
    {{- end }}
{{- end -}}
{{- end -}}

{{/* A StatefulSet's claims cannot be changed. Kubernetes would say so without a name of the values, when the hooks have run and
a part of the release is changed. */}}
{{- define "audit-manager.requireSameClaims" -}}
{{- $name := include "audit-manager.fullname" . -}}
{{- $there := lookup "apps/v1" "StatefulSet" .Release.Namespace $name | default dict -}}
{{- range $claim := dig "spec" "volumeClaimTemplates" list $there -}}
  {{- $wanted := $.Values.auditManager.persistence -}}
  {{- $size := $claim.spec.resources.requests.storage -}}
  {{- $differing := dict
    "size" (ternary (list "" "") (list $size $wanted.size) (eq (include "audit-manager.bytes" $size) (include "audit-manager.bytes" $wanted.size)))
    "storageClass" (list ($claim.spec.storageClassName | default "") (tpl ($wanted.storageClass | default "") $))
    "accessModes" (list ($claim.spec.accessModes | join ",") ($wanted.accessModes | join ","))
    "annotations" (list ($claim.metadata.annotations | default dict | toJson) (include "audit-manager.render" (list $ ($wanted.annotations | default dict)) | fromYaml | toJson)) -}}
  {{- range $key, $both := $differing -}}
    {{- if ne (first $both) (last $both) -}}
      {{- fail (printf "auditManager.persistence.%s is %q, but the claims of the StatefulSet %s have %q, and Kubernetes does not let them be changed. Leave it, or do as \"Volumes and durability\" in the chart's README.md says" $key (last $both) $name (first $both)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Metadata and spec of the pods that serve.
(dict "root" $ "component" NAME "roles" TEXT "named" BOOL "volume" BOOL "resources" MAP) */}}
{{- define "audit-manager.servingPods" -}}
{{- $root := .root -}}
{{- $values := $root.Values.auditManager -}}
{{- $own := dict "AUDIT_MANAGER__ROLES" .roles -}}
{{- if .named -}}
  {{- $_ := set $own "AUDIT_MANAGER__KAFKA__CONSUMER__GROUP_INSTANCE_ID" (dict "fieldRef" (dict "fieldPath" "metadata.name")) -}}
{{- end -}}
metadata:
  labels:
    {{- include "audit-manager.labels" (list $root .component) | nindent 4 }}
    {{- with $values.podLabels }}
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "audit-manager.configuration" $root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "audit-manager.serviceAccountName" $root }}
  {{- include "audit-manager.pod" $root | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "audit-manager.terminationGracePeriodSeconds" $root }}
  {{- $constraints := list }}
  {{- range $root.Values.topologySpreadConstraints }}
  {{- $selector := dict "labelSelector" (dict "matchLabels" (include "audit-manager.selectorLabels" (list $root $.component) | fromYaml)) }}
  {{- $constraints = append $constraints (merge (deepCopy .) $selector) }}
  {{- end }}
  {{- with $constraints }}
  topologySpreadConstraints:
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
  {{- end }}
  {{- with $values.initContainers }}
  initContainers:
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
  {{- end }}
  containers:
    - name: audit-manager
      {{- include "audit-manager.ourImage" $root | nindent 6 }}
      command: [audit-manager, serve]
      env:
        {{- include "audit-manager.environment" (dict "root" $root "own" $own) | trim | nindent 8 }}
      ports:
        - name: http
          containerPort: {{ $values.containerPort }}
          protocol: TCP
      {{- range list "startupProbe" "livenessProbe" "readinessProbe" }}
      {{- with include "audit-manager.probe" (list $root .) }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- end }}
      {{- with include "audit-manager.preStop" $root }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with .resources }}
      resources:
        {{- include "audit-manager.render" (list $root .) | nindent 8 }}
      {{- end }}
      volumeMounts:
        {{- include "audit-manager.configurationMounts" $root | nindent 8 }}
        - name: data
          mountPath: {{ include "audit-manager.dataDir" $root }}
        {{- with $values.extraVolumeMounts }}
        {{- include "audit-manager.render" (list $root .) | nindent 8 }}
        {{- end }}
    {{- with $values.sidecars }}
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "audit-manager.configurationVolumes" (list $root (printf "%s-config" (include "audit-manager.fullname" $root))) | nindent 4 }}
    {{- if not .volume }}
    - name: data
      emptyDir:
        sizeLimit: {{ $values.persistence.size }}
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* (dict "root" $ "name" NAME "component" COMPONENT "kind" KIND "autoscaling" MAP "persists" BOOL "path" NAME-IN-VALUES) */}}
{{- define "audit-manager.autoscaler" -}}
{{- $partitions := .root.Values.auditManager.topicInit.partitions | int -}}
{{- if and .persists (gt (int .autoscaling.maxReplicas) $partitions) -}}
  {{- fail (printf "%s.autoscaling.maxReplicas is %v, but the topic has %d partitions (auditManager.topicInit.partitions): the other replicas would have nothing to read. Raise the partitions or lower maxReplicas" .path .autoscaling.maxReplicas $partitions) -}}
{{- end -}}
{{- if gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas) -}}
  {{- fail (printf "%s.autoscaling.minReplicas is %v, above maxReplicas, %v" .path .autoscaling.minReplicas .autoscaling.maxReplicas) -}}
{{- end -}}
{{- $targets := dict "cpu" .autoscaling.targetCPUUtilizationPercentage "memory" .autoscaling.targetMemoryUtilizationPercentage -}}
{{- if not (or $targets.cpu $targets.memory) -}}
  {{- fail (printf "%s.autoscaling has neither targetCPUUtilizationPercentage nor targetMemoryUtilizationPercentage: set one, or enabled to false" .path) -}}
{{- end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "audit-manager.metadata" (list .root .name .component) }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: {{ .kind }}
    name: {{ .name }}
  minReplicas: {{ .autoscaling.minReplicas }}
  maxReplicas: {{ .autoscaling.maxReplicas }}
  metrics:
    {{- range $resource, $target := $targets }}
    {{- if $target }}
    - type: Resource
      resource:
        name: {{ $resource }}
        target:
          type: Utilization
          averageUtilization: {{ $target }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/* (list $ NAME COMPONENT) */}}
{{- define "audit-manager.disruptionBudget" -}}
{{- $root := index . 0 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "audit-manager.metadata" . }}
spec:
  maxUnavailable: {{ $root.Values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "audit-manager.selectorLabels" (list $root (index . 2)) | nindent 6 }}
{{- end -}}

{{/* A Service without an address of its own, for the pods' names and the scraping: (list $ NAME COMPONENT SELECTED-COMPONENT). */}}
{{- define "audit-manager.headlessService" -}}
{{- $root := index . 0 -}}
apiVersion: v1
kind: Service
{{ include "audit-manager.metadata" (list $root (index . 1) (index . 2)) }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  ports:
    - name: {{ include "audit-manager.portName" $root }}
      port: {{ $root.Values.auditManager.containerPort }}
      targetPort: http
  selector:
    {{- include "audit-manager.selectorLabels" (list $root (index . 3)) | nindent 4 }}
{{- end -}}

{{/* Istio reads the protocol from it. */}}
{{- define "audit-manager.portName" -}}
{{- ternary "https" "http" .Values.tls.enabled -}}
{{- end -}}

{{/* The beginning of a job's pod template: (list $ COMPONENT). An account that the release creates is not there before the
release: a job then has the namespace's own. */}}
{{- define "audit-manager.jobPod" -}}
{{- $root := index . 0 -}}
metadata:
  labels:
    {{- include "audit-manager.labels" . | nindent 4 }}
    {{- with $root.Values.auditManager.jobPodLabels }}
    {{- include "audit-manager.render" (list $root .) | nindent 4 }}
    {{- end }}
spec:
  restartPolicy: Never
  {{- if not $root.Values.auditManager.serviceAccount.create }}
  serviceAccountName: {{ include "audit-manager.serviceAccountName" $root }}
  {{- end }}
  {{- include "audit-manager.pod" $root | nindent 2 }}
{{- end -}}
