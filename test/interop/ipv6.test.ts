/** IPv6 beside IPv4: phones of either family and of both, and a browser that is told of nothing but IPv6. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway, writeConfiguration } from '../support/gateway.ts';
import { RawPhone } from '../support/raw-phone.ts';
import { joinRoom } from '../support/room-page.ts';

const TONE = { hz: 440, amplitude: 8192 };
let gateway: Gateway;

beforeAll(async () => {
  const file = writeConfiguration('sip: { address: "::" }\nnode: { addresses: ["::1"] }\n');
  gateway = await Gateway.start({}, ['--config', file]);
});
afterAll(async () => {
  await gateway?.stop();
});

test.each([
  ['by IPv6 alone', { signaling: '::1' }, '::1'],
  ['with signaling by IPv4 and media by IPv6', { signaling: '127.0.0.1', media: '::1' }, '::1'],
  ['with signaling by IPv6 and media by IPv4', { signaling: '::1', media: '127.0.0.1' }, '127.0.0.1'],
  ['by IPv4 alone', { signaling: '127.0.0.1' }, '127.0.0.1'],
])('a phone %s is answered in the family of its media, hears and is heard', async (_, place, address) => {
  const phone = await RawPhone.call(gateway.ports.sip, 'families', TONE, place);
  const before = await heardByGateway();
  try {
    expect(phone.farAddress).toBe(address);
    await eventually('it hears', 15_000, () => phone.heardFrames > 25);
    await eventually('it is heard', 15_000, async () => (await heardByGateway()) > before + 25);
    // A re-INVITE is answered alike.
    await phone.offer('pcmu');
    expect(phone.farAddress).toBe(address);
    await phone.hangUp();
  } finally {
    phone.close();
  }
});

test.each(['any', 'tcp'] as const)('Chromium joins by IPv6, network %s', async (network) => {
  const browser = await ChromiumUser.start({ tone: TONE, turnTransport: 'none', network });
  try {
    await joinRoom(browser, gateway, { room: 'v6', name: 'Anna', path: 'any' });
    const pairs = await browser.selectedPairs();
    expect(pairs.map(({ remoteAddress }) => remoteAddress)).toEqual(pairs.map(() => '::1'));
    const port = network === 'tcp' ? gateway.ports.iceTcp : gateway.ports.iceUdp;
    for (const { remotePort } of pairs) expect(remotePort).toBe(port);
  } finally {
    await browser.stop();
  }
});

async function heardByGateway(): Promise<number> {
  const labels = { peer: 'phone', direction: 'in' };
  return (await gateway.metrics()).value('trunkroom_rtp_packets_total', labels) ?? 0;
}
