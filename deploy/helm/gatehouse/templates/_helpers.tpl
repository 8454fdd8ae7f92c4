{{- define "gatehouse.name" -}}
{{- if contains "gatehouse" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-gatehouse" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.selector" -}}
app.kubernetes.io/name: gatehouse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gatehouse.labels" -}}
{{ include "gatehouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "gatehouse.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "gatehouse.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* What every container is, whether it serves or migrates. */ -}}
{{- define "gatehouse.container" -}}
image: "{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
env:
  - name: GATEWAY_PUBLIC_URL
    value: {{ required "publicUrl is the URL that browsers use: set it" .Values.publicUrl | quote }}
  {{- with .Values.trustedProxies }}
  - name: GATEWAY_TRUSTED_PROXIES
    value: {{ . | quote }}
  {{- end }}
  {{- if eq .Values.usageJournal "redis" }}
  - name: GATEWAY_USAGE_JOURNAL
    value: redis
  {{- end }}
  - name: GATEWAY_SHUTDOWN_DELAY_SECONDS
    value: {{ .Values.shutdown.delaySeconds | quote }}
  - name: GATEWAY_SHUTDOWN_GRACE_SECONDS
    value: {{ .Values.shutdown.graceSeconds | quote }}
  {{- range $name, $key := .Values.secrets.files }}
  - name: {{ $name }}_FILE
    value: /run/secrets/gatehouse/{{ $key }}
  {{- end }}
  {{- range $name, $value := .Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "gatehouse.mounts" -}}
- name: secrets
  mountPath: /run/secrets/gatehouse
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "gatehouse.volumes" -}}
- name: secrets
  secret:
    secretName: {{ required "secrets.existingSecret names a Secret of yours: set it" .Values.secrets.existingSecret }}
    defaultMode: 0440
- name: tmp
  emptyDir: {}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* What every pod is. */ -}}
{{- define "gatehouse.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
