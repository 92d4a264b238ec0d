import { setTimeout as sleep } from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { pageSays } from '../support/livekit-page.ts';
import { RtcUser, roomToken } from '../support/rtc-user.ts';

/** Media by HTTP alone (WHIP, RFC 9725, and WHEP), with a browser's plain RTCPeerConnection and no SDK. */
const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };
const JUDGED = { fromSecond: 1, seconds: 4 };

/** What a page does to publish or to play; `window.whip` has what came of it. */
const client = `
  window.said = [];
  window.patch = (headers, body) => fetch(whip.location, {
    method: 'PATCH',
    headers: { authorization: 'Bearer ' + whip.token, 'content-type': 'application/trickle-ice-sdpfrag', ...headers },
    body,
  });
  window.begin = async (path, token) => {
    const pc = new RTCPeerConnection();
    if (path.startsWith('/whip')) {
      const media = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
        video: { width: 320, height: 240 },
      });
      for (const track of media.getTracks()) pc.addTransceiver(track, { direction: 'sendonly', streams: [media] });
    } else {
      pc.addTransceiver('audio', { direction: 'recvonly' });
      pc.addTransceiver('video', { direction: 'recvonly' });
    }
    pc.ontrack = ({ track }) => {
      const element = document.createElement(track.kind);
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
    pc.onconnectionstatechange = () => said.push(pc.connectionState);
    await pc.setLocalDescription();
    const response = await fetch(path, {
      method: 'POST',
      headers: { authorization: 'Bearer ' + token, 'content-type': 'application/sdp' },
      body: pc.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(response.status + ' ' + (await response.text()));
    window.whip = { pc, token, location: response.headers.get('location'), etag: response.headers.get('etag'), link: response.headers.get('link') };
    await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  };
`;

let gateway: Gateway;
let rooms: RoomServiceClient;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(async () => {
  await gateway?.stop();
});

async function begin(path: '/whip/v1' | '/whep/v1', room: string, identity: string): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: BROWSER });
  closing.push(() => user.stop());
  await user.page.goto(gateway.url);
  await user.page.evaluate(client);
  const token = await roomToken(room, identity);
  await user.page.evaluate(`begin(${JSON.stringify(path)}, ${JSON.stringify(token)})`);
  await pageSays(user, 'media flow', "said.includes('connected')");
  return user;
}

test('what a page publishes by WHIP, a phone and an SDK hear; DELETE ends it', async () => {
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  closing.push(() => phone.stop());
  const program = await RtcUser.join(gateway, { room: 'whip', identity: 'program' });
  closing.push(() => program.leave());
  const user = await begin('/whip/v1', 'whip', 'obs');
  await phone.dial(gateway.sipUri('whip'));
  await program.hears('obs');
  program.clearRecording();
  await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);
  const heard = program.heard('obs');
  const [obs] = (await rooms.listParticipants('whip')).filter(({ identity }) => identity === 'obs');
  expect(obs?.tracks.map(({ mimeType }) => mimeType)).toEqual(['audio/opus', 'video/VP8']);
  expect(await user.page.evaluate('whip.link')).toContain('rel="ice-server"');
  expect(
    await user.page.evaluate(
      "fetch(whip.location, { method: 'DELETE', headers: { authorization: 'Bearer ' + whip.token } }).then((r) => r.status)",
    ),
  ).toBe(200);
  await program.says('obs is gone', () => !program.room.remoteParticipants.has('obs'));
  phone.hangUp();
  await phone.closed();
  expect(faultsHeard(heard, { tones: [BROWSER], absent: [PHONE.hz], ...JUDGED }), 'the program').toEqual([]);
  expect(
    faultsHeard(phone.heard(), { tones: [BROWSER], absent: [], fromSecond: 1, seconds: 1.5 }),
    'the phone',
  ).toEqual([]);
});

test('a page plays by WHEP what is in the room: a phone first, and another one when that is gone', async () => {
  const user = await begin('/whep/v1', 'whep', 'viewer');
  const play = async (number: string, tone: typeof PHONE): Promise<void> => {
    const phone = await Baresip.start({ user: number, tone });
    closing.push(() => phone.stop());
    await phone.dial(gateway.sipUri('whep'));
    await sleep(1500);
    await user.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);
    const heard = await user.heard();
    phone.hangUp();
    await phone.closed();
    expect(faultsHeard(heard, { tones: [tone], absent: [BROWSER.hz], ...JUDGED }), number).toEqual([]);
  };
  await play('60312345678', PHONE);
  await play('60312345679', { hz: 650, amplitude: 8192 });
});

test('candidates are taken, ICE restarts, and who has no right has none', async () => {
  const user = await begin('/whip/v1', 'restart', 'obs');
  const status = (headers: object, body: string) =>
    user.page.evaluate(`patch(${JSON.stringify(headers)}, ${JSON.stringify(body)}).then((r) => r.status)`);
  const etag = await user.page.evaluate('whip.etag');
  expect(await status({ 'if-match': etag }, 'a=end-of-candidates\r\n')).toBe(204);
  expect(await status({ 'if-match': '"another"' }, 'a=end-of-candidates\r\n')).toBe(412);
  expect(await status({}, 'a=end-of-candidates\r\n')).toBe(428);
  const restarted = await user.page.evaluate(`(async () => {
    const { pc } = whip;
    const before = pc.remoteDescription.sdp;
    pc.restartIce();
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
    const offer = pc.localDescription.sdp;
    const line = (text, name) => text.match(new RegExp('a=' + name + ':(\\\\S+)'))[1];
    const response = await patch({ 'if-match': '*' },
      'a=ice-ufrag:' + line(offer, 'ice-ufrag') + '\\r\\na=ice-pwd:' + line(offer, 'ice-pwd') + '\\r\\n');
    const fragment = await response.text();
    const answer = before
      .replaceAll(/a=ice-ufrag:\\S+/g, 'a=ice-ufrag:' + line(fragment, 'ice-ufrag'))
      .replaceAll(/a=ice-pwd:\\S+/g, 'a=ice-pwd:' + line(fragment, 'ice-pwd'));
    await pc.setRemoteDescription({ type: 'answer', sdp: answer });
    return { status: response.status, etag: response.headers.get('etag'), type: response.headers.get('content-type') };
  })()`);
  expect(restarted).toMatchObject({ status: 200, type: 'application/trickle-ice-sdpfrag' });
  expect((restarted as { etag: string }).etag).not.toBe(etag);
  await pageSays(
    user,
    'ICE works with the new credentials',
    "whip.pc.iceConnectionState === 'connected' && whip.pc.signalingState === 'stable'",
  );
  const other = await roomToken('restart', 'eve');
  expect(
    await user.page.evaluate(
      `fetch(whip.location, { method: 'DELETE', headers: { authorization: 'Bearer ${other}' } }).then((r) => r.status)`,
    ),
  ).toBe(404);
  const forbidden = await roomToken('restart', 'mute', { canPublish: false });
  await expect(user.page.evaluate(`begin('/whip/v1', '${forbidden}')`)).rejects.toThrow('403');
});
