/** The gateway takes what the chart gives it, and listens where Services and policies let others come. */
import { describe, expect, test } from 'vitest';
import { createApi } from '../../../src/api/app.ts';
import { hostCandidates } from '../../../src/app/candidates.ts';
import { announcedAddresses } from '../../../src/app/config/announced.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import type { Config } from '../../../src/app/config/schema.ts';
import { icePolicies } from '../../../src/app/ice-policy.ts';
import { chartObjects, type YamlMap } from '../../support/chart.ts';
import { chartVariants } from './variants.ts';

const POD = { POD_IP: '10.244.1.7', HOST_IP: '198.51.100.7' };

interface Port {
  readonly protocol: string;
  readonly port: number;
  readonly endPort?: number;
}
interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly {
    readonly containerPort: number;
    readonly hostPort?: number;
    readonly protocol: string;
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: object;
}
interface Pod {
  readonly enableServiceLinks: boolean;
  readonly hostNetwork?: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
}

function find<T>(objects: readonly YamlMap[], kind: string, name: string): T | undefined {
  return objects.find(
    (object) => object['kind'] === kind && (object['metadata'] as { name: string }).name === name,
  ) as T | undefined;
}

function podOf(objects: readonly YamlMap[]): Pod {
  const deployment = find<{ spec: { template: { spec: Pod } } }>(objects, 'Deployment', 'trunkroom');
  return deployment!.spec.template.spec;
}

/** The configuration as a gateway in that pod would have it; throws its faults. */
function configurationIn(objects: readonly YamlMap[]): Config {
  const pod = podOf(objects);
  const [{ args, env, volumeMounts }] = pod.containers as [Container];
  const expanded = (text: string) =>
    text.replaceAll(/\$\((\w+)\)/g, (_, name: keyof typeof POD) => POD[name]);
  const mountOf = (path: string) => volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
  const file = args[1] ?? '';
  const volume = pod.volumes.find(({ name }) => name === mountOf(file)?.name);
  const map = find<{ data: Record<string, string> }>(objects, 'ConfigMap', volume?.configMap?.name ?? '');
  const secrets: Record<string, string> = {
    '/etc/trunkroom/keys/keys': 'my-key: a-secret-of-the-tests-and-of-nothing-else\n',
    '/etc/trunkroom/turn/secret': 'a-secret-that-STUNner-has-too',
  };
  const loaded = loadConfig({
    text: map?.data[file.slice(file.lastIndexOf('/') + 1)],
    file,
    env: Object.fromEntries(
      env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, expanded(value)]])),
    ),
    mode: 'production',
    readSecret: (path) => (mountOf(path) === undefined ? undefined : secrets[path]),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

/** Where a gateway of that configuration listens for phones and for browsers' media, as `UDP 5060`. */
function listens({ sip, sip_tls, rtp, ice, media, turn, tls }: Config) {
  const workers = media.workers === 'auto' ? 1 : media.workers;
  const range = (protocol: string, first: number, count: number) =>
    Array.from({ length: count }, (_, index) => `${protocol} ${first + index}`);
  const withTls = tls.certificates.length > 0;
  return {
    sip: [
      ...[`UDP ${sip.port}`, `TCP ${sip.port}`],
      ...(sip_tls.certificates.length > 0 ? [`TCP ${sip_tls.port}`] : []),
    ],
    rtp: range('UDP', rtp.ports.first, rtp.ports.last - rtp.ports.first + 1),
    browsers: [
      ...range('UDP', ice.udp_port, workers),
      ...(ice.tcp ? range('TCP', ice.tcp_port, workers) : []),
      ...(turn.enabled ? [`UDP ${turn.port}`, `TCP ${turn.port}`] : []),
      ...(withTls ? [`TCP ${tls.turn_port}`, `TCP ${tls.https_port}`] : []),
    ],
  };
}

function portsOf(objects: readonly YamlMap[], ...services: string[]): string[] {
  return services.flatMap((name) => {
    const service = find<{ spec: { ports: Port[] } }>(objects, 'Service', name);
    return (service?.spec.ports ?? []).map(({ protocol, port }) => `${protocol} ${port}`);
  });
}

describe.each(Object.entries(chartVariants))('%s', (_, given) => {
  const objects = chartObjects(given);
  const config = configurationIn(objects);
  const pod = podOf(objects);
  const where = listens(config);
  const way = (given['phones'] as { way?: string } | undefined)?.way ?? 'service';

  test('phones find a way to every port, and no other port is open to them', () => {
    const inService = portsOf(objects, 'trunkroom-phones', 'trunkroom-phones-tcp').sort();
    const ofNode = pod.containers[0]!.ports.filter(({ hostPort }) => hostPort !== undefined)
      .map(({ protocol, hostPort }) => `${protocol} ${hostPort}`)
      .sort();
    const all = [...where.sip, ...where.rtp].sort();
    if (way === 'service') expect([inService, ofNode]).toEqual([all, []]);
    else if (way === 'hostPort') expect([inService, ofNode]).toEqual([[], all]);
    else expect([inService.filter((port) => !where.sip.includes(port)), ofNode]).toEqual([[], []]);
  });

  test('browsers\u2019 media find a way to every port', () => {
    expect(portsOf(objects, 'trunkroom-media').sort()).toEqual([...where.browsers].sort());
  });

  test('the policy lets in what the gateway listens for, and nothing else', () => {
    const policy = find<{ spec: { ingress: { ports: Port[] }[] } }>(objects, 'NetworkPolicy', 'trunkroom');
    if (policy === undefined) return expect(given).toMatchObject({ networkPolicy: { enabled: false } });
    const open = policy.spec.ingress
      .flatMap(({ ports }) => ports)
      .flatMap(({ protocol, port, endPort = port }) =>
        typeof port === 'string'
          ? [`${protocol} ${port}`]
          : Array.from({ length: endPort - port + 1 }, (_unused, index) => `${protocol} ${port + index}`),
      );
    expect(open.sort()).toEqual(['TCP http', ...where.sip, ...where.rtp, ...where.browsers].sort());
  });

  test('the pod has a network of its own, no rights, and no settings by the names of Services', () => {
    expect(pod).toMatchObject({ enableServiceLinks: false, automountServiceAccountToken: false });
    expect(pod.hostNetwork).toBeUndefined();
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(pod.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const privileged = [...where.sip, ...where.rtp, ...where.browsers].filter(
      (port) => Number(port.split(' ')[1]) < 1024,
    );
    const { sysctls = [] } = pod.securityContext as { sysctls?: { name: string; value: string }[] };
    expect(sysctls.map(({ value }) => `TCP ${value}`)).toEqual(privileged);
  });

  test('every file that is named is mounted, and every volume is there', () => {
    const [{ volumeMounts, env }] = pod.containers as [Container];
    expect(volumeMounts.map(({ name }) => name).sort()).toEqual(pod.volumes.map(({ name }) => name).sort());
    const mounts = volumeMounts.map(({ mountPath }) => mountPath);
    for (const [, path] of JSON.stringify(env).matchAll(/(\/etc\/trunkroom\/[a-z-]+)\//g))
      expect(mounts).toContain(path);
  });
});

/** What phones are told, and where browsers of a room are told to send their media. */
function told(values: YamlMap): { phones: string | undefined; browsers: readonly string[] } {
  const config = configurationIn(chartObjects(values));
  const addresses = announcedAddresses(config.node.addresses, [], 'production');
  const candidates = hostCandidates(config.ice, addresses)(config.ice.udp_port, icePolicies(config)('lobby'));
  return {
    phones: addresses[0],
    browsers: candidates.map(({ transport, address, port }) => `${transport} ${address}:${port}`),
  };
}

test.each<[string, YamlMap, string, string[]]>([
  ['by default, and STUNner where the pod is', {}, '203.0.113.10', [`udp ${POD.POD_IP}:7882`]],
  ['of the node', { phones: { way: 'hostPort', address: '' } }, POD.HOST_IP, [`udp ${POD.POD_IP}:7882`]],
  ['of the pod', { phones: { way: 'pod', address: '' } }, POD.POD_IP, [`udp ${POD.POD_IP}:7882`]],
  [
    'by default, and browsers the load balancer alone',
    { browsers: { door: 'loadBalancer' } },
    '203.0.113.10',
    ['udp 203.0.113.11:7882', 'tcp 203.0.113.11:7881'],
  ],
  [
    'of a load balancer that is the browsers\u2019, too',
    { browsers: { door: 'loadBalancer' }, loadBalancer: { address: '203.0.113.10' } },
    '203.0.113.10',
    ['udp 203.0.113.10:7882', 'tcp 203.0.113.10:7881'],
  ],
])('phones are told the address %s', (_, values, phones, browsers) => {
  expect(told(values)).toEqual({ phones, browsers });
});

test('STUNner and the gateway share one secret, and the gateway knows where STUNner listens', () => {
  const config = configurationIn(chartObjects({ stunner: { tls: { secret: 'turn-tls' } } }));
  expect(config.turn_servers).toEqual([
    expect.objectContaining({
      urls: ['turn:turn.example.com:3478?transport=udp', 'turns:turns.example.com:443?transport=tcp'],
      secret_file: '/etc/trunkroom/turn/secret',
    }),
  ]);
  expect(config.turn.enabled).toBe(false);
  const secret = 'a-secret-of-the-tests-and-of-nothing-else';
  const objects = chartObjects({ stunner: { auth: { existingSecret: '', secret } } });
  const name = 'trunkroom-turn';
  expect(find(objects, 'Secret', name)).toMatchObject({ stringData: { type: 'ephemeral', secret } });
  expect(find(objects, 'GatewayConfig', 'trunkroom')).toMatchObject({ spec: { authRef: { name } } });
  expect(podOf(objects).volumes).toContainEqual(
    expect.objectContaining({ secret: expect.objectContaining({ secretName: name }) }),
  );
});

test('a changed configuration starts the pod anew', () => {
  const sum = (values: YamlMap) =>
    JSON.stringify(find(chartObjects(values), 'Deployment', 'trunkroom')).match(
      /"checksum\/config":"(\w+)"/,
    )?.[1];
  expect(sum({})).toMatch(/^[0-9a-f]{64}$/);
  expect(sum({ config: { limits: { max_calls: 7 } } })).not.toBe(sum({}));
});

test('the Ingress lets through every path of the API, but not those that have no password', () => {
  const nothing = {} as never;
  const { routes } = createApi({
    page: nothing,
    metrics: nothing,
    notReady: () => '',
    admit: () => Promise.reject(new Error('nobody asks')),
    devTokens: undefined,
    trace: nothing,
    whip: nothing,
    server: {
      rooms: nothing,
      rpc: nothing,
      verifier: nothing,
      clock: nothing,
      emit: () => {},
      onFault: () => {},
    },
  });
  const ingress = find<{ spec: { rules: { http: { paths: { path: string; pathType: string }[] } }[] } }>(
    chartObjects(),
    'Ingress',
    'trunkroom',
  );
  const open = ingress?.spec.rules.flatMap(({ http }) => http.paths) ?? [];
  const passes = (path: string) =>
    open.some(
      ({ path: its, pathType }) => path === its || (pathType === 'Prefix' && path.startsWith(`${its}/`)),
    );
  const paths = [...new Set(routes.map(({ path }) => path))].filter((path) => !/^\/?\*$/.test(path));
  expect(paths.length).toBeGreaterThan(8);
  expect(paths.filter((path) => !passes(path)).sort()).toEqual([
    '/healthz',
    '/metrics',
    '/readyz',
    '/servingz',
  ]);
});
