/** A network that comes up when the gateway runs, and one that goes, in network namespaces: SIP and TURN are there, and answer from there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabHost } from '../lab/host.ts';
import type { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { productNode, repositoryRoot } from '../support/root.ts';

/** Asks by SIP and by STUN, each second, and says what answered. */
const ASK = `
import socket, sys, time, os
host = sys.argv[1]
sip, stun = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for s in (sip, stun): s.settimeout(0.4)
n = 0
while True:
    n += 1
    own = '%s:%d' % (sys.argv[2], sip.getsockname()[1])
    options = ('OPTIONS sip:%s SIP/2.0\\r\\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bKa%d\\r\\nMax-Forwards: 70\\r\\n'
      'From: <sip:a@%s>;tag=a\\r\\nTo: <sip:%s>\\r\\nCall-ID: late-%d\\r\\nCSeq: 1 OPTIONS\\r\\nContent-Length: 0\\r\\n\\r\\n'
      % (host, own, n, own, host, n))
    for name, s, to, message in (('sip', sip, 5060, options.encode()),
                                 ('stun', stun, 3478, bytes.fromhex('000100002112a442') + os.urandom(12))):
        try:
            s.sendto(message, (host, to))
            answer, source = s.recvfrom(2000)
            print(name, source[0], answer[:11] if name == 'sip' else answer[:2].hex(), flush=True)
        except OSError: pass
    time.sleep(0.3)
`;

const hosts: LabHost[] = [];
let gateway: Child;
let cannot: string | undefined;
let near: LabHost;
let far: LabHost;

beforeAll(async () => {
  try {
    [near, far] = ['near', 'far'].map((name) => {
      const host = new LabHost(`trla${process.pid}${name}`);
      hosts.push(host);
      return host;
    }) as [LabHost, LabHost];
    near.wire('eth0', far, 'eth0');
    near.ip('addr add 10.205.1.2/24 dev eth0');
    far.ip('addr add 10.205.1.1/24 dev eth0');
    far.ip('addr add 10.205.2.1/24 dev eth0');
  } catch (error) {
    cannot = (error as Error).message;
    return;
  }
  gateway = near.start('gateway', productNode, [`${repositoryRoot}src/app/main.ts`, '--dev']);
  await gateway.waitForOutput(/gateway is ready/, 60_000);
});

afterAll(async () => {
  await gateway?.stop();
  for (const host of hosts) host.remove();
});

async function answersAt(address: string, own: string): Promise<void> {
  const asking = far.start('asking', 'python3', ['-c', ASK, address, own]);
  try {
    await eventually(`${address} answers`, 20_000, () => {
      const lines = asking.output.split('\n');
      return lines.includes(`sip ${address} b'SIP/2.0 200'`) && lines.includes(`stun ${address} 0101`);
    });
  } finally {
    await asking.stop();
  }
}

test('an address that comes later is listened on, and what goes is let go of', async ({ skip }) => {
  if (cannot !== undefined) skip(cannot);
  await answersAt('10.205.1.2', '10.205.1.1');
  near.ip('addr add 10.205.2.2/24 dev eth0');
  await answersAt('10.205.2.2', '10.205.2.1');
  near.ip('addr del 10.205.1.2/24 dev eth0');
  await gateway.waitForOutput(
    /addresses of this machine changed[\s\S]*addresses of this machine changed/,
    20_000,
  );
  await answersAt('10.205.2.2', '10.205.2.1');
  near.ip('addr add 10.205.1.2/24 dev eth0');
  await answersAt('10.205.1.2', '10.205.1.1');
  expect(gateway.exit).toBeUndefined();
  expect(gateway.output).not.toMatch(/a fault/);
});
