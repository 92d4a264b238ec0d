import { expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { afterAllIsOver, leftOver } from '../support/left-over.ts';
import { joinRoom, leaveRoom } from '../support/room-page.ts';

const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };

test('when a phone and a browser have gone, nothing of them is left: no call, room, port, socket, timer, relay', async () => {
  const own = await Gateway.start({ TRUNKROOM_ROOM_DEPARTURE_TIMEOUT: '1s' });
  const before = leftOver(await own.metrics());
  const browser = await ChromiumUser.start({ tone: BROWSER, turnTransport: 'udp' });
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  try {
    await joinRoom(browser, own, { room: 'short', name: 'Anna', path: 'relay' });
    await phone.dial(own.sipUri('short'));
    await browser.waitForTracks(1);
    await leaveRoom(browser.page);
    phone.hangUp();
    await phone.closed();
    expect(await afterAllIsOver(own, before)).toEqual(before);
  } finally {
    await phone.stop();
    await browser.stop();
    await own.stop();
  }
});
