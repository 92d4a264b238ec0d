/**
 * Browsers behind networks of every kind, a gateway with a private address behind 1:1 NAT, and a phone on the other side
 * of the internet, all in network namespaces. What is printed is the table of docs/NETWORKS.md.
 */
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Policy } from '../lab/firewall.ts';
import { Internet, LAB, type LabName } from '../lab/internet.ts';
import { Authority } from '../support/certificates.ts';
import type { Child } from '../support/child.ts';
import { ChromiumUser, type SelectedPair } from '../support/chromium.ts';
import { writeConfiguration } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { productNode, repositoryRoot } from '../support/root.ts';
import { readWav } from '../support/wav.ts';
import { newWorkspace } from '../support/workspace.ts';

const DOMAIN = 'voice.example.com';
const KEY = { name: 'lab', secret: 'a-secret-of-the-lab-and-of-nothing-else' };
const PHONE = { hz: 440, amplitude: 8192 };
const JUDGED = { fromSecond: 0.5, seconds: 3 };

const made = Internet.make();
if (typeof made === 'string')
  console.warn(`Networks are not tested, for there are no namespaces here: ${made}`);

/** When the page was connected and when the phone's first packet was there, ms since it was asked for. */
interface Joined {
  readonly connectedMs: number;
  readonly soundMs: number;
}

const joinScript = `(async () => {
  const until = async (probe) => {
    while (!(await probe())) {
      if (performance.now() > 25000) throw new Error(document.body.textContent);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return performance.now();
  };
  const connectedMs = await until(async () => (await __ear.selectedPairs()).length > 0);
  const soundMs = await until(async () => (await __ear.inboundAudio()).some(({ packetsReceived }) => packetsReceived > 0));
  return { connectedMs, soundMs };
})()`;

function configuration(): string {
  const { certificate, key } = new Authority().issue(DOMAIN, `DNS:${DOMAIN}`);
  return writeConfiguration(`
node: { addresses: ['${LAB.gateway}', '${LAB.gatewayV6}'] }
tls:
  domain: ${DOMAIN}
  certificates: [{ certificate_file: ${certificate}, key_file: ${key} }]
keys: { ${KEY.name}: ${KEY.secret} }
trunks: [{ id: carrier, allowed_addresses: ['${LAB.carrier}'], media_addresses: ['${LAB.carrier}'] }]
rules: [{ id: rooms, trunk_ids: [carrier], direct: { room_name: lobby } }]
`);
}

async function pageUrl(identity: string): Promise<string> {
  const token = new AccessToken(KEY.name, KEY.secret, { identity });
  token.addGrant({ roomJoin: true, room: 'lobby' });
  return `https://${DOMAIN}/?autojoin=1&token=${await token.toJwt()}`;
}

/** What one row of the table says of a pair. */
function pathText({ localType, relayProtocol, protocol, remoteAddress, remotePort }: SelectedPair): string {
  const to = `${remoteAddress} port ${remotePort}`;
  return localType === 'relay' ? `relay by ${relayProtocol} to ${to}` : `${localType}, ${protocol} to ${to}`;
}

// Namespaces need root and a kernel that has them: without, nothing can be seen, and the warning above says why.
describe.skipIf(typeof made === 'string')('a browser hears the phone, and the phone it', () => {
  const lab = made as Internet;
  const recording = `${newWorkspace('networks')}/phone.wav`;
  /** What the phone must have heard, and when, s since it was answered. */
  const toBeHeard: { network: string; hz: number; fromSecond: number }[] = [];
  let gateway: Child | undefined;
  let phone: Child | undefined;
  let answeredAt = 0;

  beforeAll(async () => {
    const main = [`${repositoryRoot}src/app/main.ts`, '--config', configuration()];
    gateway = lab.host('gateway').start('gateway', productNode, main);
    await gateway.waitForOutput(/is ready/, 60_000);
    const call = [`sip:lobby@${LAB.gateway}`, '--tone', String(PHONE.hz), '--record', recording];
    phone = lab
      .host('carrier')
      .start('phone', productNode, [`${repositoryRoot}src/app/tools/phone.ts`, ...call]);
    await phone.waitForOutput(/Answered/, 20_000);
    answeredAt = performance.now();
  });

  afterAll(async () => {
    await phone?.stop();
    await gateway?.stop();
    lab.remove();
  });

  async function visit(network: string, host: LabName, hz: number): Promise<SelectedPair> {
    const hosts = [`${host === 'six' ? LAB.gatewayV6 : LAB.gateway} ${DOMAIN}`];
    const executable = lab.host(host).wrapper('/usr/bin/chromium', hosts);
    const tone = { hz, amplitude: 8192 };
    const browser = await ChromiumUser.start({ tone, verify: 'skip', executable });
    try {
      await browser.page.goto(await pageUrl(network), { waitUntil: 'commit' });
      const joined = await browser.page.evaluate<Joined>(joinScript).catch((error: unknown) => {
        throw new Error(`${gateway?.tail()}\n${browser.log.slice(-40).join('\n')}`, { cause: error });
      });
      await browser.waitForTracks(1);
      await browser.clearRecording();
      const fromSecond = (performance.now() - answeredAt) / 1000 + JUDGED.fromSecond;
      toBeHeard.push({ network, hz, fromSecond });
      await new Promise((resolve) => setTimeout(resolve, 1000 * (JUDGED.fromSecond + JUDGED.seconds) + 300));
      expect(faultsHeard(await browser.heard(), { tones: [PHONE], absent: [hz], ...JUDGED })).toEqual([]);
      const [pair, ...others] = await browser.selectedPairs();
      if (pair === undefined) throw new Error('the browser has no connection any more');
      expect(others).toEqual([]);
      const times = `${joined.connectedMs.toFixed(0)} | ${joined.soundMs.toFixed(0)}`;
      console.log(`| ${network} | ${times} | ${pathText(pair)} |`);
      return pair;
    } finally {
      await browser.stop();
    }
  }

  async function fromOffice(policy: Policy, hz: number): Promise<SelectedPair> {
    lab.office(policy);
    return visit(policy, 'office', hz);
  }

  test('behind a symmetric NAT: straight by UDP, without a relay', async () => {
    lab.office('symmetric');
    const script = `${repositoryRoot}test/lab/seen-ports.ts`;
    const observer = lab.host('carrier').start('observer', productNode, [script, 'serve', '5001', '5002']);
    await observer.waitForOutput(/serving/, 20_000);
    const asking = lab
      .host('office')
      .start('asking', productNode, [script, 'ask', LAB.carrier, '5001', '5002']);
    const [, first, second] = await asking.waitForOutput(/seen (\d+) (\d+)/, 20_000);
    await observer.stop();
    expect(first).not.toBe(second);

    const pair = await fromOffice('symmetric', 1050);
    expect(pair).toMatchObject({ protocol: 'udp', remoteType: 'host', remoteAddress: LAB.gateway });
    expect(pair.localType).not.toBe('relay');
  });

  test('without UDP: by TCP', async () => {
    // Straight as a rule; on a busy machine the relay may be there first, by TCP too.
    const { localType, protocol, relayProtocol } = await fromOffice('no-udp', 1250);
    expect(localType === 'relay' ? relayProtocol : protocol).toMatch(/^(tcp|tls)$/);
  });

  test('with nothing but TCP to port 443: by TURN over TLS, on the port of HTTPS', async () => {
    const pair = await fromOffice('only-443', 1550);
    expect(pair).toMatchObject({ localType: 'relay', relayProtocol: 'tls', remoteAddress: LAB.gateway });
  });

  test('without IPv4: straight by UDP, while the phone has no IPv6', async () => {
    const pair = await visit('six', 'six', 1850);
    expect(pair).toMatchObject({ protocol: 'udp', remoteType: 'host', remoteAddress: LAB.gatewayV6 });
    expect(pair.localType).not.toBe('relay');
  });

  test('the phone heard each of them', async () => {
    phone?.signal('SIGINT');
    expect(await phone?.exited).toMatchObject({ code: 0 });
    const heard = readWav(recording);
    for (const { network, hz, fromSecond } of toBeHeard) {
      const expected = { tones: [{ hz, amplitude: 8192 }], absent: [PHONE.hz], fromSecond, seconds: 2.5 };
      expect(faultsHeard(heard, expected), network).toEqual([]);
    }
    expect(toBeHeard.length).toBeGreaterThan(0);
  });
});
