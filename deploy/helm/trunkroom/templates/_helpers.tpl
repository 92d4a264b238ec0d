{{- define "trunkroom.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "trunkroom.selector" -}}
app.kubernetes.io/name: trunkroom
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "trunkroom.labels" -}}
{{ include "trunkroom.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "trunkroom.keysSecret" -}}
{{ default (printf "%s-keys" (include "trunkroom.name" .)) .Values.apiKeys.existingSecret }}
{{- end }}

{{- define "trunkroom.turnSecret" -}}
{{ default (printf "%s-turn" (include "trunkroom.name" .)) .Values.stunner.auth.existingSecret }}
{{- end }}

{{- /* The ports that phones come to: of a Service. */}}
{{- define "trunkroom.phonePorts.udp" -}}
- { name: sip-udp, protocol: UDP, port: 5060, targetPort: 5060 }
{{- range $port := untilStep (int .Values.phones.rtp.first) (int (add .Values.phones.rtp.last 1)) 1 }}
- { name: rtp-{{ $port }}, protocol: UDP, port: {{ $port }}, targetPort: {{ $port }} }
{{- end }}
{{- end }}

{{- define "trunkroom.phonePorts.tcp" -}}
- { name: sip-tcp, protocol: TCP, port: 5060, targetPort: 5060 }
{{- if .Values.phones.tlsSecret }}
- { name: sip-tls, protocol: TCP, port: 5061, targetPort: 5061 }
{{- end }}
{{- end }}

{{- /* What the Services of phones have in common. externalTrafficPolicy Local: trunks are known by where they come from. */}}
{{- define "trunkroom.phoneService" -}}
type: LoadBalancer
externalTrafficPolicy: Local
{{- with .Values.phones.service.loadBalancerClass }}
loadBalancerClass: {{ . }}
{{- end }}
{{- with .Values.phones.service.loadBalancerIP }}
loadBalancerIP: {{ . | quote }}
{{- end }}
allocateLoadBalancerNodePorts: {{ .Values.phones.service.allocateNodePorts }}
{{- with .Values.phones.sources }}
loadBalancerSourceRanges:
  {{- toYaml . | nindent 2 }}
{{- end }}
selector:
  {{- include "trunkroom.selector" . | nindent 2 }}
{{- end }}

{{- /* The addresses that the gateway tells phones and browsers: phones the first one, browsers all. */}}
{{- define "trunkroom.addresses" -}}
{{- $own := "$(POD_IP)" -}}
{{- $phones := .Values.phones.address -}}
{{- if and (eq .Values.phones.way "hostPort") (not $phones) -}}
{{- $phones = "$(HOST_IP)" -}}
{{- end -}}
[{{ if $phones }}"{{ $phones }}", {{ end }}{{ if eq .Values.browsers.door "loadBalancer" }}"{{ .Values.loadBalancer.address }}", {{ end }}"{{ $own }}"]
{{- end }}

{{- define "trunkroom.turnServers" -}}
[{"urls": ["turn:{{ .Values.stunner.host }}:3478?transport=udp"{{ if .Values.stunner.tls.secret }}, "turns:{{ .Values.stunner.tls.host }}:443?transport=tcp"{{ end }}], "secret_file": "/etc/trunkroom/turn/secret"}]
{{- end }}

{{- /* Whether the gateway relays by itself: behind a load balancer, where it has a certificate for it. */}}
{{- define "trunkroom.embeddedTurn" -}}
{{ if and (eq .Values.browsers.door "loadBalancer") .Values.loadBalancer.tls.secret }}true{{ else }}false{{ end }}
{{- end }}

{{- define "trunkroom.config" -}}
{{ toYaml .Values.config }}
{{- end }}
