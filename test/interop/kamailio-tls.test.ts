/** A carrier that is not ours over TLS: Kamailio, both ends with certificates that the other verifies by name. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Certificates } from '../../src/adapters/tcp/certificates.ts';
import type { SipTls } from '../../src/app/sip-server.ts';
import type { OutboundTrunk } from '../../src/trunk/outbound.ts';
import { Baresip } from '../support/baresip.ts';
import { Authority, type CertificateFiles } from '../support/certificates.ts';
import { eventually, eventuallyEqual } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';
import { Kamailio } from '../support/kamailio.ts';
import { RealDialer } from '../support/kamailio-dialer.ts';
import { outboundTrunk, target } from '../unit/trunk/trunks.ts';

const ACCOUNT = { user: '60312345678', password: 'a-password' };
const CALLEE = '60377777009';
const US = 'gateway.example.com';
const authority = new Authority();
const proxyFiles = authority.issue('proxy', 'IP:127.0.0.1,DNS:sip.carrier.example');
const foreignFiles = authority.issue('foreign', 'DNS:sip.another.example');
const ourFiles = authority.issue('gateway', `DNS:${US},IP:127.0.0.1`);
const otherFiles = authority.issue('other', 'DNS:other.example.com');

/** A carrier that shows `certificate` and lets in nobody but us. */
function carrierWith(certificate: CertificateFiles, upstream?: string): Promise<Kamailio> {
  return Kamailio.start({
    account: ACCOUNT,
    tls: { certificate, authority: authority.certificate, peer: US },
    ...(upstream === undefined ? {} : { upstream }),
  });
}

describe('registered over TLS', () => {
  let carrier: Kamailio;
  let gateway: Gateway;

  beforeAll(async () => {
    carrier = await carrierWith(proxyFiles);
    const port = await freePortBlock(2);
    gateway = await Gateway.start({
      TRUNKROOM_SIP_TLS_PORT: String(port),
      TRUNKROOM_SIP_TLS_CA_FILE: authority.certificate,
      TRUNKROOM_SIP_TLS_CLIENT_CERTIFICATES: 'require',
      TRUNKROOM_SIP_TLS_CERTIFICATES: JSON.stringify([
        { certificate_file: ourFiles.certificate, key_file: ourFiles.key },
      ]),
      TRUNKROOM_OUTBOUND_TRUNKS: JSON.stringify([
        {
          ...{ id: 'out', address: `127.0.0.1:${carrier.tlsPort}`, transport: 'tls', register: {} },
          ...{ auth_username: ACCOUNT.user, auth_password: ACCOUNT.password, auth_realm: 'carrier.example' },
        },
      ]),
      TRUNKROOM_TRUNKS: JSON.stringify([
        { id: 'in', allowed_addresses: ['127.0.0.1'], registration: 'out', max_call_duration: '3s' },
      ]),
      TRUNKROOM_RULES: JSON.stringify([{ id: 'support', direct: { room_name: 'support' } }]),
    });
  });

  afterAll(async () => {
    await gateway?.stop();
    await carrier?.stop();
  });

  test('by digest, called by its number over TLS, and our BYE goes back the same way', async () => {
    await eventually('the gateway is registered', 15_000, async () => {
      return (await gateway.metrics()).value('trunkroom_registrations') === 1;
    });
    expect(carrier.child.output).toMatch(/SECURE REGISTER TLSv1\.[23]/);
    expect(carrier.child.output).toMatch(/REGISTERED <sip:[^>]*;transport=tls>/);
    const phone = await Baresip.start({ user: '60377777003', tone: { hz: 440, amplitude: 8192 } });
    try {
      await phone.dial(`sip:${ACCOUNT.user}@127.0.0.1:${carrier.port}`);
      const received = (await gateway.metrics()).value('trunkroom_calls_received_total', {
        trunk: 'in',
        transport: 'tls',
      });
      expect(received).toBe(1);
      // We hang up, when the time that the trunk gives a call is over.
      await phone.closed();
    } finally {
      await phone.stop();
    }
    await eventually('our BYE has passed', 15_000, () => /IN-DIALOG BYE .*loose/.test(carrier.child.output));
    expect(carrier.child.output).toMatch(/SECURE BYE/);
    expect(carrier.child.output).not.toMatch(/FOREIGN/);
  });
});

describe('calls out over TLS', () => {
  let callee: Baresip;
  let first: Kamailio;
  let second: Kamailio;
  let foreign: Kamailio;
  const dialers: RealDialer[] = [];

  const over = (...proxies: readonly Kamailio[]): OutboundTrunk =>
    outboundTrunk({
      domain: 'carrier.example',
      targets: proxies.map(({ tlsPort }, i) => ({
        ...target('127.0.0.1'),
        ...{ port: tlsPort, transport: 'tls' as const, priority: i },
      })),
      account: { username: ACCOUNT.user, password: ACCOUNT.password, realms: ['carrier.example'] },
      targetTimeoutMs: 4000,
    });

  async function dialer(files: CertificateFiles, trunk: OutboundTrunk): Promise<RealDialer> {
    const pem = {
      certificate: readFileSync(files.certificate, 'utf8'),
      key: readFileSync(files.key, 'utf8'),
    };
    const tls: SipTls = {
      listen: { address: '127.0.0.1', port: 0 },
      certificates: new Certificates([pem], readFileSync(authority.certificate, 'utf8')),
      clientCertificates: 'require',
      verify: 'peer',
    };
    const opened = await RealDialer.open([trunk], tls);
    dialers.push(opened);
    return opened;
  }

  beforeAll(async () => {
    callee = await Baresip.start({ user: CALLEE, tone: { hz: 440, amplitude: 8192 }, answer: 'auto' });
    const upstream = `127.0.0.1:${callee.sipPort}`;
    first = await carrierWith(proxyFiles, upstream);
    second = await carrierWith(proxyFiles, upstream);
    foreign = await carrierWith(foreignFiles, upstream);
  });

  afterAll(async () => {
    for (const each of dialers) await each.close();
    await Promise.all([first?.stop(), second?.stop(), foreign?.stop(), callee?.stop()]);
  });

  test('challenged, answered, hung up by either side; the next call needs no challenge', async () => {
    const trunk = over(first);
    const out = await dialer(ourFiles, trunk);
    const ours = out.place(trunk, CALLEE);
    await eventually('it is answered', 15_000, () => ours.said.includes('answered'));
    ours.hangUp();
    await eventually('it is over', 15_000, () => ours.said.some((text) => text.startsWith('over')));
    const asked = invites(first);
    expect(asked).toBe(2);
    const theirs = out.place(trunk, CALLEE);
    await eventually('it is answered', 15_000, () => theirs.said.includes('answered'));
    callee.hangUp();
    await eventually('it is over', 15_000, () => theirs.said.includes('over bye'));
    expect(invites(first)).toBe(asked + 1);
    await eventuallyEqual('what was routed', 15_000, ['ACK', 'BYE', 'ACK', 'BYE'], () =>
      first.inDialog.map((line) => line.split(' ')[0]!),
    );
    expect(out.faults).toEqual([]);
  });

  test('a proxy whose certificate speaks for somebody else gets no call: the next one does', async () => {
    const trunk = over(foreign, second);
    const out = await dialer(ourFiles, trunk);
    const call = out.place(trunk, CALLEE);
    await eventually('it is answered', 15_000, () => call.said.includes('answered'));
    call.hangUp();
    await eventually('it is over', 15_000, () => call.said.some((text) => text.startsWith('over')));
    expect(foreign.child.output).not.toMatch(/SECURE|OUTBOUND/);
    expect(out.events).toContainEqual(expect.objectContaining({ reason: 'tls-connect-failed' }));
  });

  test('with the certificate of somebody else we are nobody', async () => {
    const trunk = over(second);
    const out = await dialer(otherFiles, trunk);
    const call = out.place(trunk, CALLEE);
    await eventually('it is over', 15_000, () => call.said.some((text) => text.startsWith('over')));
    expect(call.said).not.toContain('answered');
    expect(second.child.output).toMatch(/FOREIGN other\.example\.com/);
  });

  test('one of two dies: calls go by the other', async () => {
    const trunk = over(first, second);
    const out = await dialer(ourFiles, trunk);
    const before = out.place(trunk, CALLEE);
    await eventually('it is answered', 15_000, () => before.said.includes('answered'));
    before.hangUp();
    await eventually('it is over', 15_000, () => before.said.some((text) => text.startsWith('over')));
    const placed = second.placed;
    await first.stop();
    const call = out.place(trunk, CALLEE);
    await eventually('it is answered', 15_000, () => call.said.includes('answered'));
    call.hangUp();
    await eventually('it is over', 15_000, () => call.said.some((text) => text.startsWith('over')));
    expect(second.placed).toBe(placed + 1);
    expect(out.faults).toEqual([]);
  });
});

/** INVITEs that came over TLS, challenged ones too. */
function invites(proxy: Kamailio): number {
  return [...proxy.child.output.matchAll(/SECURE INVITE/g)].length;
}
