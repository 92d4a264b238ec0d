import { readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { AccessToken, type VideoGrant } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';
import { gunzip } from '../../../src/adapters/websocket/gunzip.ts';
import { whipRoutes } from '../../../src/api/whip.ts';
import { admit } from '../../../src/peer/admission.ts';
import { HttpSessions } from '../../../src/peer/http-sessions.ts';
import { browserOffer, section } from '../peer/offer.ts';
import { Rig } from '../peer/rig.ts';

const secret = 'a secret that is long enough for HS256';
const tokens = new AccessTokens(new Map([['devkey', secret]]), { unixMs: Date.now });
const publishing = browserOffer([
  { mid: '0', kind: 'audio', direction: 'sendonly', cid: 'mic', ssrc: 11 },
  { mid: '1', kind: 'video', direction: 'sendonly', cid: 'cam', ssrc: 12 },
]);
const playing = browserOffer([
  { mid: '0', kind: 'audio' },
  { mid: '1', kind: 'video' },
]);
const fragment = 'a=ice-ufrag:NewUfrag\r\na=ice-pwd:0123456789abcdefABCDEFGH\r\n';

/** What the peer sent, as it came but for the line ends. */
function recorded(name: string): string {
  return readFileSync(`${import.meta.dirname}/peers/${name}.sdp`, 'utf8').replaceAll('\n', '\r\n');
}

class Whip extends Rig {
  readonly http = new HttpSessions(this.context);
  readonly app = new Hono();

  constructor(...options: ConstructorParameters<typeof Rig>) {
    super(...options);
    whipRoutes(this.app, { sessions: this.http, admit: (url) => admit(url, tokens, gunzip) });
  }

  async ask(
    method: string,
    path: string,
    body: string | undefined,
    headers: Record<string, string> = {},
    grant: VideoGrant | undefined = {},
    identity = 'obs',
    source?: string,
  ): Promise<Response> {
    const token = new AccessToken('devkey', secret, { identity });
    token.addGrant({ room: 'lobby', roomJoin: true, ...grant });
    const authorization = `Bearer ${await token.toJwt()}`;
    const request = { method, headers: { authorization, ...headers }, ...(body && { body }) };
    return this.app.request(path, request, { source });
  }

  post(path: string, sdp: string, grant: VideoGrant = {}): Promise<Response> {
    return this.ask('POST', path, sdp, { 'content-type': 'application/sdp' }, grant);
  }

  patch(path: string, body: string, match?: string): Promise<Response> {
    const type = { 'content-type': 'application/trickle-ice-sdpfrag' };
    return this.ask('PATCH', path, body, { ...type, ...(match !== undefined && { 'if-match': match }) });
  }

  connect(): void {
    const transport = this.told('transport.open').at(-1)?.transport ?? '';
    this.media({
      type: 'transport.connected',
      transport,
      path: { protocol: 'udp', remote: '192.0.2.9:5000', relayed: false },
    });
  }

  get names(): string[] {
    return [...(this.rooms.find('lobby')?.participants.keys() ?? [])];
  }
}

describe('WHIP', () => {
  test('one POST makes a participant with tracks, and DELETE ends it', async () => {
    const whip = new Whip();
    const made = await whip.post('/whip/v1', publishing);
    expect(made.status).toBe(201);
    expect(made.headers.get('content-type')).toBe('application/sdp');
    expect(made.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    expect(made.headers.get('link')).toBe(
      '<turn:192.0.2.1:3478>; rel="ice-server"; username="u:obs"; credential="c"; credential-type="password"',
    );
    const answer = await made.text();
    expect(section(answer, '0')).toContain('a=recvonly');
    expect(section(answer, '1')).toContain('a=setup:passive');
    const tracks = [...(whip.rooms.find('lobby')?.participants.get('obs')?.tracks.values() ?? [])];
    expect(tracks).toMatchObject([
      { kind: 'audio', source: 'microphone' },
      { kind: 'video', source: 'camera' },
    ]);
    const location = made.headers.get('location') ?? '';
    expect((await whip.ask('DELETE', location, undefined)).status).toBe(200);
    expect(whip.names).toEqual([]);
    expect((await whip.ask('DELETE', location, undefined)).status).toBe(404);
    expect(whip.told('receiver.close')).toHaveLength(2);
    expect(whip.told('transport.close')).toHaveLength(1);
    expect(whip.http.size).toBe(0);
  });

  test('media that never work, or fail, end it', async () => {
    const whip = new Whip();
    await whip.post('/whip/v1', publishing);
    whip.pass(45_001);
    expect(whip.names).toEqual([]);
    await whip.post('/whip/v1', publishing);
    whip.connect();
    whip.pass(45_001);
    expect(whip.names).toEqual(['obs']);
    const transport = whip.told('transport.open').at(-1)?.transport ?? '';
    whip.media({ type: 'transport.failed', transport, reason: 'consent' });
    expect(whip.http.size).toBe(0);
  });

  test('who comes again under the same name puts the first one out', async () => {
    const whip = new Whip();
    await whip.post('/whip/v1', publishing);
    await whip.post('/whip/v1', publishing);
    expect(whip.http.size).toBe(1);
    expect(whip.names).toEqual(['obs']);
  });

  test.each([
    { what: 'no token', grant: { roomJoin: false }, status: 401 },
    { what: 'no right to publish', grant: { canPublish: false }, status: 403 },
    { what: 'rubbish', sdp: 'v=0', status: 400 },
    { what: 'nothing that is sent', sdp: playing, status: 403 },
  ])('$what: $status, and nobody is in', async ({ grant = {}, sdp = publishing, status }) => {
    const whip = new Whip();
    const answer = await whip.post('/whip/v1', sdp, grant);
    expect(answer.status).toBe(status);
    expect(whip.names).toEqual([]);
    expect(whip.http.size).toBe(0);
  });

  test('other types and methods are refused as HTTP has it', async () => {
    const whip = new Whip();
    expect((await whip.ask('POST', '/whip/v1', publishing, { 'content-type': 'text/plain' })).status).toBe(
      415,
    );
    expect((await whip.ask('GET', '/whip/v1', undefined)).status).toBe(405);
    expect((await whip.ask('PUT', '/whip/v1/x', publishing)).headers.get('allow')).toContain('PATCH');
    const preflight = await whip.app.request('/whip/v1', { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
  });

  test('ICE: candidates, another session of it, and restarts', async () => {
    const whip = new Whip();
    const made = await whip.post('/whip/v1', publishing);
    const [location, etag] = [made.headers.get('location') ?? '', made.headers.get('etag') ?? ''];
    expect((await whip.patch(location, 'a=end-of-candidates')).status).toBe(428);
    expect((await whip.patch(location, 'a=end-of-candidates', etag)).status).toBe(204);
    expect((await whip.patch(location, fragment, '"old"')).status).toBe(412);
    expect((await whip.patch(location, 'no credentials', '*')).status).toBe(400);
    const restarted = await whip.patch(location, fragment, '*');
    expect(restarted.status).toBe(200);
    expect(restarted.headers.get('etag')).not.toBe(etag);
    const ours = whip.told('transport.restart')[0]?.local.ufrag ?? 'none';
    expect(await restarted.text()).toContain(`a=ice-ufrag:${ours}\r\n`);
    expect(whip.told('transport.remote').at(-1)?.remote.ufrag).toBe('NewUfrag');
  });
});

describe('peers as they are', () => {
  test('ffmpeg waits for us to begin DTLS, and is told that we do', async () => {
    const whip = new Whip();
    const made = await whip.post('/whip/v1', recorded('ffmpeg'));
    expect(made.status).toBe(201);
    const answer = await made.text();
    expect(section(answer, '0')).toContain('a=setup:active');
    expect(section(answer, '1')).toContain('a=setup:active');
    expect(section(answer, '1')).toContain('a=rtpmap:106 H264/90000');
    expect(section(answer, '1')).toContain('a=fmtp:105 apt=106');
    expect(whip.told('transport.remote')).toMatchObject([{ dtls: 'client', remote: { ufrag: 'f8873f66' } }]);
    expect(whip.told('receiver.open')).toMatchObject([
      { kind: 'audio', ssrcs: [3572677326] },
      { kind: 'video', ssrcs: [3572677327] },
    ]);
  });

  test('ffmpeg that begins by itself is waited for', async () => {
    const whip = new Whip();
    const active = await whip.post(
      '/whip/v1',
      recorded('ffmpeg').replaceAll('setup:passive', 'setup:active'),
    );
    expect(section(await active.text(), '0')).toContain('a=setup:passive');
    expect(whip.told('transport.remote').at(-1)).not.toHaveProperty('dtls');
  });
});

test('OBS sends its largest picture first, and names it 0', async () => {
  const whip = new Whip();
  const made = await whip.post('/whip/v1', recorded('obs-simulcast'));
  expect(made.status).toBe(201);
  const answer = await made.text();
  // It counts the semicolons, and gives up when one size is missing.
  expect(section(answer, '1')).toContain('a=simulcast:recv 0;1;2');
  expect(section(answer, '1')).toContain('a=setup:passive');
  expect(whip.told('receiver.open')).toMatchObject([
    { kind: 'audio', ssrcs: [19088743] },
    { kind: 'video', ssrcs: [], simulcast: { ridExtension: 2, rids: ['2', '1', '0'] } },
  ]);
});

test('GStreamer sends and would receive, on m-lines with names and one port of 0 that is bundled', async () => {
  const whip = new Whip();
  const made = await whip.post('/whip/v1', recorded('gstreamer'));
  expect(made.status).toBe(201);
  const answer = await made.text();
  for (const mid of ['audio0', 'video1']) expect(section(answer, mid)).toContain('a=recvonly');
  expect(whip.told('receiver.open')).toMatchObject([{ ssrcs: [2157827725] }, { ssrcs: [118073249] }]);
  const etag = made.headers.get('etag') ?? '';
  const candidate =
    'a=ice-ufrag:YoEHXLn17VPto/BTVqSDBn7ULErq7Vin\r\na=ice-pwd:BjksVh9sRgiuMF8IQdah2eOVYQceJu4E\r\n' +
    'm=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=mid:audio0\r\na=candidate:1 1 UDP 2015363327 192.0.2.9 5000 typ host\r\n';
  expect((await whip.patch(made.headers.get('location') ?? '', candidate, etag)).status).toBe(204);
});

describe('TURN servers in Link', () => {
  const type = { 'content-type': 'application/sdp' };

  test('are those for the client’s address', async () => {
    const whip = new Whip();
    await whip.ask('POST', '/whip/v1', publishing, type, {}, 'obs', '198.51.100.7');
    expect(whip.sources).toEqual(['198.51.100.7']);
  });

  test('are all read by OBS, which trims no space before them', async () => {
    const whip = new Whip();
    whip.turnUrls = ['turn:192.0.2.1:3478?transport=udp', 'turn:192.0.2.1:3478?transport=tcp'];
    const made = await whip.post('/whip/v1', publishing);
    const read = (made.headers.get('link') ?? '').split(',').filter((link) => link.startsWith('<turn:'));
    expect(read).toHaveLength(2);
  });

  test('of accounts that no header can carry are left out', async () => {
    const whip = new Whip();
    whip.turnAccount = { username: 'Jürgen', credential: 'c' };
    expect((await whip.post('/whip/v1', publishing)).headers.get('link')).toBeNull();
    whip.turnAccount = { username: 'a "b" \\', credential: 'c' };
    const made = await whip.post('/whip/v1', publishing);
    expect(made.headers.get('link')).toContain('username="a \\"b\\" \\\\"; credential');
  });

  test('carry no name that a header cannot, or that could say more than a name', async () => {
    const whip = new Whip();
    for (const identity of ['ödön', '李', 'a"; rel="next', 'a,<turn:evil>', '😀']) {
      const made = await whip.ask('POST', '/whip/v1', publishing, type, {}, identity);
      expect(made.status).toBe(201);
      expect(made.headers.get('link')).toMatch(
        /^<turn:192\.0\.2\.1:3478>; rel="ice-server"; username="u:PA_\w+"; credential="c"; credential-type="password"$/,
      );
    }
  });
});

describe('WHEP', () => {
  test('neither takes RED nor plays it', async () => {
    const whip = new Whip();
    const made = await whip.post('/whep/v1', playing);
    expect(section(await made.text(), '0')).not.toContain('red/48000');
    const published = await whip.post('/whip/v1', publishing);
    expect(section(await published.text(), '0')).not.toContain('red/48000');
  });

  test('plays a track after the other on the m-line that was made once', async () => {
    const whip = new Whip();
    const first = whip.phone('1');
    const made = await whip.post('/whep/v1', playing);
    expect(made.status).toBe(201);
    const answer = section(await made.text(), '0');
    expect(answer).toContain('a=sendonly');
    expect(answer).toContain('opus');
    expect(answer).toContain('PCMA');
    expect(answer).not.toContain('a=ssrc');
    whip.connect();
    whip.phone('2', { mime: 'audio/pcmu', payloadType: 0 });
    expect(whip.told('sender.open')).toMatchObject([
      { track: 'TR_phone1', mid: '0', codecs: [{ payloadType: 8 }] },
    ]);
    first.room.unpublish(first.participant, first.track.sid);
    const [one, two] = whip.told('sender.open');
    expect(two).toMatchObject({ track: 'TR_phone2', mid: '0', codecs: [{ payloadType: 0 }] });
    expect(two?.ssrc).not.toBe(one?.ssrc);
    expect(whip.told('sender.close')).toMatchObject([{ sender: one?.sender }]);
    whip.rooms.delete('lobby');
    expect(whip.told('sender.close')).toHaveLength(2);
    expect(whip.timers.size).toBe(0);
  });

  test('needs the right to subscribe, and its own path', async () => {
    const whip = new Whip();
    expect((await whip.post('/whep/v1', playing, { canSubscribe: false })).status).toBe(403);
    const made = await whip.post('/whep/v1', playing);
    const location = (made.headers.get('location') ?? '').replace('whep', 'whip');
    expect((await whip.ask('DELETE', location, undefined)).status).toBe(404);
  });
});
