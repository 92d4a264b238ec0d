import { afterEach, describe, expect, test } from 'vitest';
import { monotonicClock } from '../../src/adapters/clock/clock.ts';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { createDtlsEngine } from '../../src/adapters/dtls-werift/engine.ts';
import { newIceCredentials } from '../../src/ice/credentials.ts';
import { classify } from '../../src/ice/demux.ts';
import type { DtlsEvent, DtlsSession } from '../../src/media/dtls-port.ts';
import { SrtpOpener, SrtpSealer } from '../../src/rtp/srtp/session.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';
import { FakeBrowser, until } from '../support/fake-browser.ts';
import { startWebLeg, type WebLeg, webMedia } from '../unit/media-transport/web-leg.ts';

let leg: WebLeg;
let phone: FakeBrowser;

afterEach(() => {
  leg.stop();
  phone.close();
});

/** Has the phone wait for DTLS instead of beginning it; answers its certificate's fingerprint. */
async function waiting(): Promise<{ fingerprint: WebLeg['host']['ready']['fingerprint'] }> {
  const engine = await createDtlsEngine({ clock: monotonicClock, timers: leg.timers });
  const onEvent = (event: DtlsEvent): void => {
    if (event.type !== 'connected') return;
    phone.sealer = new SrtpSealer(event.profile, event.local);
    phone.opener = new SrtpOpener(event.profile, event.remote);
  };
  const session: DtlsSession = engine.open({ send: (datagram) => phone.send(datagram), onEvent });
  session.expect([leg.host.ready.fingerprint]);
  const { onDatagram: others } = phone.socket;
  phone.socket.onDatagram = (bytes, address, port) => {
    if (classify(bytes) === 'dtls') session.receive(bytes.slice());
    else others(bytes, address, port);
  };
  return { fingerprint: engine.fingerprint };
}

describe.each(dtlsEngines)('a web phone that waits for DTLS by %s', (engine) => {
  test('is heard and hears: we begin, once its first check has come', async () => {
    const local = newIceCredentials(systemRandom);
    leg = await startWebLeg(local, engine);
    const { host, events } = leg;
    phone = await FakeBrowser.open(host.ready.icePort);
    const { fingerprint } = await waiting();
    const media = webMedia({ local, remote: phone.ice, fingerprints: [fingerprint], role: 'client' });
    host.handle({ type: 'leg.media', leg: 'LG_1', media });
    await phone.check(local);
    await until(() => phone.rtp.length > 2, 'sound for the phone');
    const voice = { ssrc: 7, payloadType: 8, payload: new Uint8Array(160).fill(0x55) };
    phone.sendRtp({ ...voice, sequence: 1, timestamp: 160 });
    await until(() => events.some(({ type }) => type === 'leg.heard'), 'the phone to be heard');
    // The same again, as of a session refresh, is nothing new.
    host.handle({ type: 'leg.media', leg: 'LG_1', media });
    const before = phone.rtp.length;
    await until(() => phone.rtp.length > before + 2, 'sound after the refresh');
    expect(events.some(({ type }) => type === 'leg.failed')).toBe(false);
  });
});
