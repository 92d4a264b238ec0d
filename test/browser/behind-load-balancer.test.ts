/**
 * The gateway in a pod as the chart in deploy/helm sets it up, in network namespaces: its own configuration, Services'
 * addresses and ports, and a relay in a pod of its own, where STUNner would be.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLUSTER, Cluster, type LoadBalancer } from '../lab/cluster.ts';
import { Authority } from '../support/certificates.ts';
import { chartObjects, type YamlMap } from '../support/chart.ts';
import type { Child } from '../support/child.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { faultsHeard } from '../support/hearing.ts';
import { productNode, repositoryRoot } from '../support/root.ts';
import { readWav } from '../support/wav.ts';
import { newWorkspace } from '../support/workspace.ts';

const DOMAIN = 'voice.example.com';
const ADDRESSES = { phones: '198.51.100.31', turn: '198.51.100.32', web: '198.51.100.33' } as const;
const KEY = { name: 'lab', secret: 'a-secret-of-the-lab-and-of-nothing-else' };
const TURN_SECRET = 'what-the-gateway-and-the-relay-share';
const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1050, amplitude: 8192 };

const objects = chartObjects({
  http: { host: DOMAIN, trustedProxies: [CLUSTER.pods.ingress] },
  phones: { address: ADDRESSES.phones, sources: [`${CLUSTER.carrier}/32`] },
  stunner: { host: ADDRESSES.turn },
  config: {
    trunks: [{ id: 'carrier', allowed_addresses: [CLUSTER.carrier], media_addresses: [CLUSTER.carrier] }],
    rules: [{ id: 'rooms', trunk_ids: ['carrier'], direct: { room_name: 'lobby' } }],
  },
});

function specOf<T>(kind: string, name: string): T {
  const found = objects.find(
    (object) => object['kind'] === kind && (object['metadata'] as YamlMap)['name'] === name,
  );
  return (found?.['spec'] ?? found?.['data']) as T;
}

const phones = specOf<
  Pick<LoadBalancer, 'externalTrafficPolicy' | 'ports'> & { loadBalancerSourceRanges: string[] }
>('Service', 'trunkroom-phones');
const made = Cluster.make([
  { ...phones, address: ADDRESSES.phones, pod: 'gateway', sources: phones.loadBalancerSourceRanges },
  {
    ...{ address: ADDRESSES.turn, pod: 'relay', externalTrafficPolicy: 'Cluster', sources: [] },
    ports: [{ protocol: 'UDP', port: 3478, targetPort: 3478 }],
  },
  {
    ...{ address: ADDRESSES.web, pod: 'ingress', externalTrafficPolicy: 'Cluster', sources: [] },
    ports: [{ protocol: 'TCP', port: 443, targetPort: 8443 }],
  },
]);
if (typeof made === 'string')
  console.warn(`The load balancer is not tested, for there are no namespaces here: ${made}`);

/** The container's variables, with the pod's address and the files of its volumes where this machine has them. */
function containerEnvironment(mounts: string): Record<string, string> {
  const { template } = specOf<{
    template: { spec: { containers: { env: { name: string; value?: string }[] }[] } };
  }>('Deployment', 'trunkroom');
  const env = template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(
    env.flatMap(({ name, value }) =>
      value === undefined
        ? []
        : [[name, value.replaceAll('$(POD_IP)', CLUSTER.pods.gateway).replaceAll('/etc/trunkroom', mounts)]],
    ),
  );
}

// Namespaces need root and a kernel that has them: without, nothing can be seen, and the warning above says why.
describe.skipIf(typeof made === 'string')('a gateway in a pod, behind load balancers', () => {
  const lab = made as Cluster;
  const folder = newWorkspace('cluster');
  const recording = `${folder}/phone.wav`;
  const children: Child[] = [];

  function started(child: Child): Child {
    children.push(child);
    return child;
  }

  async function startGateway(): Promise<void> {
    for (const mount of ['config', 'keys', 'turn']) mkdirSync(`${folder}/${mount}`);
    const map = specOf<Record<string, string>>('ConfigMap', 'trunkroom');
    writeFileSync(`${folder}/config/trunkroom.yaml`, map['trunkroom.yaml'] ?? '');
    writeFileSync(`${folder}/keys/keys`, `${KEY.name}: ${KEY.secret}\n`);
    writeFileSync(`${folder}/turn/secret`, TURN_SECRET);
    const main = [`${repositoryRoot}src/app/main.ts`, '--config', `${folder}/config/trunkroom.yaml`];
    const env = containerEnvironment(folder);
    const gateway = started(lab.host('gateway').start('gateway', productNode, main, env));
    await gateway.waitForOutput(/gateway\.ready/, 60_000);
  }

  async function startRelay(): Promise<void> {
    const { relay, gateway } = CLUSTER.pods;
    writeFileSync(
      `${folder}/turnserver.conf`,
      `listening-ip=${relay}
relay-ip=${relay}
listening-port=3478
use-auth-secret
static-auth-secret=${TURN_SECRET}
realm=trunkroom.example.com
allowed-peer-ip=${gateway}
denied-peer-ip=0.0.0.0-255.255.255.255
no-tls
no-dtls
no-cli
pidfile=${folder}/turnserver.pid
userdb=${folder}/turndb
log-file=stdout
`,
    );
    const args = ['-c', `${folder}/turnserver.conf`];
    started(lab.host('relay').start('coturn', 'turnserver', args));
  }

  async function startIngress(): Promise<void> {
    const { certificate, key } = new Authority().issue(DOMAIN, `DNS:${DOMAIN}`);
    const args = [`${repositoryRoot}test/lab/ingress.ts`, '8443', certificate, key];
    const upstream = [CLUSTER.pods.gateway, '7880'];
    const ingress = started(lab.host('ingress').start('ingress', productNode, [...args, ...upstream]));
    await ingress.waitForOutput(/serving/, 20_000);
  }

  beforeAll(async () => {
    await Promise.all([startRelay(), startIngress()]);
    await startGateway();
  });

  afterAll(async () => {
    for (const child of children.reverse()) await child.stop();
    lab.remove();
  });

  test('a phone comes by the reserved address, a browser by the relay, and each hears the other', async () => {
    const call = [`sip:lobby@${ADDRESSES.phones}`, '--tone', String(PHONE.hz), '--record', recording];
    const tool = `${repositoryRoot}src/app/tools/phone.ts`;
    const phone = started(lab.host('carrier').start('phone', productNode, [tool, ...call]));
    await phone.waitForOutput(/Answered/, 20_000);
    const answeredAt = performance.now();

    const token = new AccessToken(KEY.name, KEY.secret, { identity: 'browser' });
    token.addGrant({ roomJoin: true, room: 'lobby' });
    const executable = lab.host('user').wrapper('/usr/bin/chromium', [`${ADDRESSES.web} ${DOMAIN}`]);
    const browser = await ChromiumUser.start({ tone: BROWSER, verify: 'skip', executable });
    try {
      await browser.page.goto(`https://${DOMAIN}/?autojoin=1&token=${await token.toJwt()}`);
      await browser.waitForTracks(1);
      await browser.clearRecording();
      const fromSecond = (performance.now() - answeredAt) / 1000 + 0.5;
      await new Promise((resolve) => setTimeout(resolve, 3800));
      const heard = { tones: [PHONE], absent: [BROWSER.hz], fromSecond: 0.5, seconds: 3 };
      expect(faultsHeard(await browser.heard(), heard)).toEqual([]);
      expect(await browser.selectedPairs()).toEqual([
        expect.objectContaining({ localType: 'relay', remoteAddress: CLUSTER.pods.gateway }),
      ]);

      phone.signal('SIGINT');
      expect(await phone.exited).toMatchObject({ code: 0 });
      const expected = { tones: [BROWSER], absent: [PHONE.hz], fromSecond, seconds: 2.5 };
      expect(faultsHeard(readWav(recording), expected)).toEqual([]);
    } finally {
      await browser.stop();
    }
  });
});
