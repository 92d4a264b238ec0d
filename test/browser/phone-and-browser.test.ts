import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { joinRoom } from '../support/room-page.ts';

/** The first picture: a softphone over SIP, a browser with every packet through TURN, each hears the other. */
const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };
/** Over UDP as long as the picture asks for; over TCP whether it is there. */
const SECONDS = { udp: 20, tcp: 6 };

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});

afterAll(async () => {
  await gateway?.stop();
});

test.each(['udp', 'tcp'] as const)(
  'a phone and a browser hear each other, the browser through TURN over %s',
  async (turn) => {
    const room = `lobby-${turn}`;
    const judged = { fromSecond: 1, seconds: SECONDS[turn] };
    const browser = await ChromiumUser.start({ tone: BROWSER, turnTransport: turn });
    const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
    try {
      await joinRoom(browser, gateway, { room, name: 'Anna', path: 'relay' });
      await phone.dial(gateway.sipUri(room));
      await browser.waitForTracks(1);
      await browser.clearRecording();
      await sleep(1000 * (judged.fromSecond + judged.seconds) + 500);

      const inBrowser = await browser.heard();
      const pairs = await browser.selectedPairs();
      phone.hangUp();
      await phone.closed();
      await browser.waitForTracks(0);
      const inPhone = phone.heard();

      expect(pairs.length).toBeGreaterThan(0);
      for (const pair of pairs)
        expect(pair).toMatchObject({ localType: 'relay', relayProtocol: turn, remoteType: 'host' });
      expect(faultsHeard(inPhone, { tones: [BROWSER], absent: [PHONE.hz], ...judged }), 'the phone').toEqual(
        [],
      );
      expect(
        faultsHeard(inBrowser, { tones: [PHONE], absent: [BROWSER.hz], ...judged }),
        'the browser',
      ).toEqual([]);
    } finally {
      await phone.stop();
      await browser.stop();
    }
  },
);
