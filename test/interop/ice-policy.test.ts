/** Rooms whose browsers come by TURN alone, beside one whose browsers need not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway, writeConfiguration } from '../support/gateway.ts';
import { joinRoom, leaveRoom } from '../support/room-page.ts';

let gateway: Gateway;
let browser: ChromiumUser;

beforeAll(async () => {
  const file = writeConfiguration('ice: { relay_rooms: ["ward-*"], relay_addresses: [127.0.0.1] }\n');
  gateway = await Gateway.start({}, ['--config', file]);
  browser = await ChromiumUser.start({ tone: { hz: 440, amplitude: 8192 }, turnTransport: 'udp' });
});
afterAll(async () => {
  await browser?.stop();
  await gateway?.stop();
});

test('livekit-client obeys: its media comes by the embedded relay, in that room alone', async () => {
  await joinRoom(browser, gateway, { room: 'ward-7', name: 'Anna', path: 'any' });
  const relayed = await browser.selectedPairs();
  expect(relayed.length).toBeGreaterThan(0);
  for (const pair of relayed)
    expect(pair).toMatchObject({ localType: 'relay', relayProtocol: 'udp', remoteAddress: '127.0.0.1' });
  await leaveRoom(browser.page);

  await joinRoom(browser, gateway, { room: 'lobby', name: 'Anna', path: 'any' });
  const direct = await browser.selectedPairs();
  expect(direct.length).toBeGreaterThan(0);
  for (const pair of direct) expect(pair.localType).not.toBe('relay');
});
