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

{{- /* What phones are told of: an address, a variable of the pod, or nothing where the pod's own does. */}}
{{- define "trunkroom.phoneAddress" -}}
{{ if .Values.phones.address }}{{ .Values.phones.address }}{{ else if eq .Values.phones.way "hostPort" }}$(HOST_IP){{ end }}
{{- end }}

{{- /* The addresses that the gateway has: phones are told the first one, browsers those that are not hidden. */}}
{{- define "trunkroom.addresses" -}}
{{- $phones := include "trunkroom.phoneAddress" . -}}
[{{ if $phones }}"{{ $phones }}", {{ end }}{{ if and (eq .Values.browsers.door "loadBalancer") (not (eq $phones .Values.loadBalancer.address)) }}"{{ .Values.loadBalancer.address }}", {{ end }}"$(POD_IP)"]
{{- end }}

{{- define "trunkroom.hidden" -}}
{{- $phones := include "trunkroom.phoneAddress" . -}}
[{{ if and $phones (not (eq $phones .Values.loadBalancer.address)) }}"{{ $phones }}", {{ end }}"$(POD_IP)"]
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
