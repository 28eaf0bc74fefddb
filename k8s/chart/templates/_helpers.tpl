{{- /* Labels of an object: dict "root" $ "component" NAME. */}}
{{- define "wayfare.labels" -}}
app.kubernetes.io/name: {{ has .component (list "web" "gateway") | ternary "wayfare-web" "wayfare" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: wayfare
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion }}
{{- end }}

{{- define "wayfare.selector" -}}
matchLabels:
  app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "wayfare.settings" -}}
wayfare-{{ .Values.settings | toJson | sha256sum | trunc 10 }}
{{- end }}

{{- /* Of every pod: what Pod Security's level "restricted" wants. */}}
{{- define "wayfare.pod" -}}
serviceAccountName: wayfare
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "wayfare.container" -}}
resources: {{- toYaml .root.Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- /* What serve, worker and migrate share. */}}
{{- define "wayfare.service" -}}
name: wayfare
image: {{ .root.Values.image.repository }}@{{ .root.Values.image.digest }}
envFrom: [{ configMapRef: { name: {{ include "wayfare.settings" .root }} } }]
volumeMounts:
  - { name: data, mountPath: /data }
  - { name: flags, mountPath: /etc/wayfare/flags, readOnly: true }
  - { name: secrets, mountPath: /run/secrets/wayfare, readOnly: true }
{{- end }}

{{- define "wayfare.volumes" -}}
- { name: data, emptyDir: { sizeLimit: 256Mi } }
- { name: flags, configMap: { name: flags } }
- { name: secrets, secret: { secretName: {{ .root.Values.secretName }}, defaultMode: 288 } }
{{- end }}

{{- /* On another node and in another zone than its like, where there is one. */}}
{{- define "wayfare.spread" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector: {{- include "wayfare.selector" . | nindent 12 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {{- include "wayfare.selector" . | nindent 6 }}
{{- end }}

{{- /* Asked at three paths: dict "startup" PATH "ready" PATH "live" PATH. */}}
{{- define "wayfare.probes" -}}
startupProbe:
  httpGet: { path: {{ .startup }}, port: http }
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 60
readinessProbe:
  httpGet: { path: {{ .ready }}, port: http }
  periodSeconds: 2
  timeoutSeconds: 3
  failureThreshold: 2
livenessProbe:
  httpGet: { path: {{ .live }}, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
lifecycle:
  # Until no node sends new connections here any more.
  preStop: { sleep: { seconds: 5 } }
{{- end }}
