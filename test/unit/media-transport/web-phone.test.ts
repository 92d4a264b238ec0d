import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { newIceCredentials } from '../../../src/ice/credentials.ts';
import type { LegMedia, MediaEvent, WorkerGauges } from '../../../src/media/protocol.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { FakeBrowser, until } from '../../support/fake-browser.ts';
import { startWebLeg, type WebLeg, webMedia } from './web-leg.ts';

/** A web phone's leg with a browser's transport. */
const local = newIceCredentials(systemRandom);
let leg: WebLeg;
let host: WebLeg['host'];
let events: readonly MediaEvent[];
let phone: FakeBrowser;

beforeEach(async () => {
  leg = await startWebLeg(local);
  ({ host, events } = leg);
  phone = await FakeBrowser.open(host.ready.icePort);
});

afterEach(() => {
  leg.stop();
  phone.close();
});

function media(changes: Partial<LegMedia> = {}): LegMedia {
  const fingerprints = [phone.certificate.fingerprint];
  return { ...webMedia({ local, remote: phone.ice, fingerprints, role: 'server' }), ...changes };
}

function told(type: MediaEvent['type']): MediaEvent | undefined {
  return events.find((event) => event.type === type);
}

function gauges(): WorkerGauges {
  host.handle({ type: 'gauges.ask' });
  const last = events.findLast((event) => event.type === 'gauges');
  return last!.gauges;
}

function say(sequence: number, payloadType = 8, payload = new Uint8Array(160).fill(0x55)): void {
  phone.sendRtp({ ssrc: 7, sequence, timestamp: sequence * 160, payloadType, payload });
}

test('speaks and hears by SRTP only, once the phone has proven itself, and leaves nothing', async () => {
  expect(events).toEqual([{ type: 'leg.opened', leg: 'LG_1', port: host.ready.icePort }]);
  host.handle({ type: 'leg.media', leg: 'LG_1', media: media() });
  await new Promise((resolve) => setTimeout(resolve, 50));
  // Nothing counts as said before there is somebody to hear it.
  expect(told('leg.spoke')).toBeUndefined();

  await phone.connect(local);
  await until(() => phone.rtp.length > 5, 'sound for the phone');
  expect(told('leg.spoke')).toBeDefined();
  const view = new RtpView();
  expect(parseRtp(phone.rtp[0]!, phone.rtp[0]!.length, view)).toBeUndefined();
  expect(view).toMatchObject({ payloadType: 8, marker: true });
  expect(view.payload).toHaveLength(160);

  // RTP in the clear from the proven address is nothing.
  phone.send(Uint8Array.of(0x80, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, ...new Uint8Array(160)));
  say(2);
  await until(() => told('leg.heard'), 'the phone to be heard');
  for (let at = 3; at < 8; at++) say(at, 101, Uint8Array.of(5, at === 7 ? 0x8a : 0x0a, 0, (at - 2) * 40));
  expect(await until(() => told('leg.digit'), 'a key')).toMatchObject({ digit: '5' });

  host.handle({ type: 'leg.close', leg: 'LG_1' });
  const closed = await until(() => told('leg.closed'), 'the end');
  expect(closed).toMatchObject({ quality: { packetsIn: 6, lost: 0 } });
  await until(() => phone.rtcp.length > 0, 'an RTCP BYE');
  await until(() => phone.closedByServer, 'close_notify');
  expect(gauges()).toMatchObject({ legs: 0, transports: 0, rtpPorts: 0, sockets: 1 });
});

test('another certificate than the description names gets no keys, and the leg is told to have failed', async () => {
  const fingerprints = [{ algorithm: 'sha-256', value: Array(32).fill('AB').join(':') }];
  host.handle({
    type: 'leg.media',
    leg: 'LG_1',
    media: media({ association: { local, remote: phone.ice, fingerprints, role: 'server' } }),
  });
  await phone.check(local);
  phone.client.connect().catch(() => {});
  expect(await until(() => told('leg.failed'), 'the refusal')).toEqual({
    type: 'leg.failed',
    leg: 'LG_1',
    reason: 'dtls-fingerprint',
  });
  expect(phone.rtp).toEqual([]);
});

test('ICE restarts with the credentials of the next description, and sound goes on', async () => {
  host.handle({ type: 'leg.media', leg: 'LG_1', media: media() });
  await phone.connect(local);
  await until(() => phone.rtp.length > 0, 'sound');
  const next = newIceCredentials(systemRandom);
  const moved = { ufrag: 'moved', pwd: phone.ice.pwd };
  host.handle({
    type: 'leg.media',
    leg: 'LG_1',
    media: media({
      association: {
        ...{ local: next, remote: moved, fingerprints: [phone.certificate.fingerprint] },
        role: 'server',
      },
    }),
  });
  const answers = phone.stun.length;
  phone.send(phone.checkBytes(next, 'moved'));
  await until(() => phone.stun.length > answers, 'an answer to the new credentials');
  // The old ones are good no more.
  phone.send(phone.checkBytes(local, 'moved'));
  const before = phone.rtp.length;
  await until(() => phone.rtp.length > before + 2, 'sound after the restart');
  expect(phone.stun).toHaveLength(answers + 1);
});
