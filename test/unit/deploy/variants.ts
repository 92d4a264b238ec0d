import type { YamlMap } from '../../support/chart.ts';

const secret = 'a-secret-of-the-tests-and-of-nothing-else';

/** Values of the chart that between them take each branch of its templates. */
export const chartVariants: Readonly<Record<string, YamlMap>> = {
  'default values': {},
  'STUNner with TLS, a class of others, and Secrets out of values': {
    apiKeys: { existingSecret: '', keys: { 'my-key': secret } },
    stunner: {
      auth: { existingSecret: '', secret },
      gatewayClass: { create: false, name: 'ours' },
      tls: { secret: 'turn-tls', host: 'turns.example.com' },
    },
    http: { trustedProxies: ['10.0.0.0/8'], from: [{ namespaceSelector: { matchLabels: { team: 'web' } } }] },
  },
  'STUNner and Services with reserved addresses': {
    stunner: { serviceAnnotations: { 'metallb.io/loadBalancerIPs': '203.0.113.12' } },
    phones: {
      tlsSecret: 'sip-tls',
      sources: ['192.0.2.0/24', '2001:db8::/32'],
      service: {
        annotations: { 'metallb.io/loadBalancerIPs': '203.0.113.10', 'metallb.io/allow-shared-ip': 'phones' },
        loadBalancerClass: 'metallb.io/metallb',
        loadBalancerIP: '203.0.113.10',
        allocateNodePorts: false,
        split: true,
      },
    },
    podAnnotations: { note: 'x' },
    nodeSelector: { role: 'voice' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'role', operator: 'Exists' }] }],
        },
      },
    },
    priorityClassName: 'voice',
    secretFiles: 'carrier-passwords',
    image: { pullSecrets: ['registry'], tag: '1.2.3' },
  },
  'ports of the node, and a load balancer for browsers': {
    phones: { way: 'hostPort', address: '', sources: [], tlsSecret: 'sip-tls' },
    browsers: { door: 'loadBalancer', workers: 3 },
    loadBalancer: {
      annotations: { note: 'x' },
      loadBalancerClass: 'class',
      turnServers: [
        { urls: ['turn:turn.example.net:3478?transport=udp'], username: 'user', password: secret },
      ],
    },
    http: { route: { enabled: true, parentRefs: [{ name: 'web' }] }, ingress: { enabled: false } },
  },
  'a second network, and the embedded TURN server': {
    phones: {
      way: 'pod',
      address: '192.0.2.20',
      service: { enabled: false },
      rtp: { first: 10000, last: 19999 },
    },
    browsers: { door: 'loadBalancer', workers: 1 },
    loadBalancer: { tls: { secret: 'turn-tls', host: 'turn.example.com' } },
    podAnnotations: { 'k8s.v1.cni.cncf.io/networks': '[{"name": "trunk", "ips": ["192.0.2.20/24"]}]' },
    http: {
      ingress: {
        className: 'nginx',
        annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600' },
      },
    },
    podDisruptionBudget: { enabled: false },
    networkPolicy: { enabled: false },
  },
  'Gateways of another release': {
    stunner: { gateway: { create: false, names: ['voice-turn', 'voice-turns'], namespace: 'voice' } },
  },
  'routed pods': { phones: { way: 'pod', address: '' } },
};
