import { expect, test } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import type { LegMedia, MediaCommand } from '../../../src/media/protocol.ts';
import { offer, phone, world } from './rig.ts';

const FINGERPRINT = Array(32).fill('AB').join(':');

/** What sip.js has a browser offer; `ufrag` changes when it restarts ICE. */
function browserOffer(changes: { ufrag?: string; direction?: string; setup?: string } = {}): Uint8Array {
  const { ufrag = 'first', direction = 'sendrecv', setup = 'actpass' } = changes;
  return offer([
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 8 0 126',
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${'x'.repeat(24)}`,
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    `a=setup:${setup}`,
    'a=mid:0',
    'a=rtcp-mux',
    `a=${direction}`,
    'a=rtpmap:111 opus/48000/2',
    'a=rtpmap:126 telephone-event/8000',
  ]);
}

function webWorld() {
  return world({ transports: ['ws'], allowedAddresses: ['0.0.0.0/0'] });
}

function webPhone(brought: Uint8Array | undefined = browserOffer()): ReturnType<typeof phone> {
  const caller = phone({ source: '203.0.113.9', offer: brought });
  const { flow } = caller.request;
  const request = { ...caller.request, flow: { ...flow, transport: 'ws' as const } };
  Object.assign(caller.invite, { request });
  return { ...caller, request };
}

function legMedia(commands: readonly MediaCommand[]): LegMedia {
  const last = commands.findLast((command) => command.type === 'leg.media');
  if (last === undefined) throw new Error('no media');
  return last.media;
}

const ufragOf = (sdp: string) => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];

test('a call over a WebSocket has its leg at the port for browsers, behind ICE and DTLS', () => {
  const { door, opened, commands } = webWorld();
  const caller = webPhone();
  door.onInvite(caller.invite);
  opened(7882);
  expect(caller.said).toEqual(['180', '200']);
  const leg = commands.find((command) => command.type === 'leg.open');
  expect(leg?.ice?.ufrag).toHaveLength(12);
  expect(caller.sdp()).toContain('m=audio 7882 UDP/TLS/RTP/SAVPF 8 126\r\n');
  expect(caller.sdp()).toContain(`a=ice-ufrag:${leg?.ice?.ufrag}\r\na=ice-pwd:${leg?.ice?.pwd}\r\n`);
  expect(caller.sdp()).toContain('a=fingerprint:sha-256 AA\r\na=setup:passive\r\n');
  expect(caller.sdp()).toContain('192.0.2.1 7882 typ host\r\n');
  expect(legMedia(commands)).toMatchObject({
    direction: 'sendrecv',
    association: {
      local: leg?.ice,
      remote: { ufrag: 'first', pwd: 'x'.repeat(24) },
      fingerprints: [{ algorithm: 'sha-256', value: FINGERPRINT }],
      role: 'server',
    },
  });
});

test('a late offer of ours is a browser\u2019s too; the ACK brings the answer', () => {
  const { door, opened, commands } = webWorld();
  const caller = webPhone(undefined);
  Object.assign(caller.invite, { offer: undefined });
  door.onInvite(caller.invite);
  opened(7882);
  expect(caller.sdp()).toMatch(/m=audio 7882 UDP\/TLS\/RTP\/SAVPF 8 0 101\r\n/);
  expect(caller.sdp()).toContain('a=setup:actpass\r\n');
  expect(commands.some(({ type }) => type === 'leg.media')).toBe(false);
  caller.handler().confirmed(browserOffer({ setup: 'active' }));
  expect(legMedia(commands).association?.remote.ufrag).toBe('first');
});

test('a phone that waits for our DTLS has us begin it, in its re-INVITEs too', () => {
  const { door, opened, commands } = webWorld();
  const caller = webPhone(browserOffer({ setup: 'passive' }));
  door.onInvite(caller.invite);
  opened(7882);
  expect(caller.sdp()).toContain('a=setup:active\r\n');
  expect(legMedia(commands).association?.role).toBe('client');
  caller.handler().confirmed(undefined);
  let answer = '';
  caller.handler().reoffered(caller.request, browserOffer({ setup: 'actpass', direction: 'sendonly' }), {
    accept: (text) => {
      answer = fromUtf8(text);
    },
    reject: () => {},
  });
  expect(answer).toContain('a=setup:active\r\n');
  expect(legMedia(commands).association?.role).toBe('client');
});

test('hold keeps the credentials, an ICE restart renews ours', () => {
  const { door, opened, commands } = webWorld();
  const caller = webPhone();
  door.onInvite(caller.invite);
  opened(7882);
  caller.handler().confirmed(undefined);
  const first = ufragOf(caller.sdp());
  const reoffer = (sdp: Uint8Array): string => {
    let answer = '';
    caller.handler().reoffered(caller.request, sdp, {
      accept: (text) => {
        answer = fromUtf8(text);
      },
      reject: (status) => {
        answer = `${status}`;
      },
    });
    return answer;
  };
  const held = reoffer(browserOffer({ direction: 'sendonly' }));
  expect(held).toContain('a=recvonly\r\n');
  expect(ufragOf(held)).toBe(first);
  expect(legMedia(commands).direction).toBe('inactive');
  const restarted = reoffer(browserOffer({ ufrag: 'second' }));
  expect(ufragOf(restarted)).not.toBe(first);
  expect(legMedia(commands).association).toMatchObject({
    local: { ufrag: ufragOf(restarted) },
    remote: { ufrag: 'second' },
  });
  // Plain RTP is another way than the call has.
  expect(reoffer(offer())).toBe('488');
});

test('a phone of a carrier cannot come with a browser\u2019s media, nor a web phone with plain RTP', () => {
  const carrier = phone({ offer: browserOffer() });
  world().door.onInvite(carrier.invite);
  expect(carrier.said[0]).toMatch(/^488 /);
  const browser = webPhone(offer());
  webWorld().door.onInvite(browser.invite);
  expect(browser.said[0]).toMatch(/^488 /);
});

test('without a trunk for WebSockets a web phone has none', () => {
  const { door, events } = world({ allowedAddresses: ['0.0.0.0/0'] });
  const browser = webPhone();
  door.onInvite(browser.invite);
  expect(browser.said[0]).toMatch(/^403 /);
  expect(events).toMatchObject([
    { reason: 'no-trunk', explanation: expect.stringContaining('ws is not in transports') },
  ]);
});

test('a web phone whose ICE or DTLS is lost is hung up', () => {
  const { door, opened, media, leg, ending, closed } = webWorld();
  const caller = webPhone();
  door.onInvite(caller.invite);
  opened(7882);
  caller.handler().confirmed(undefined);
  media({ type: 'leg.failed', leg: leg(), reason: 'ice-consent' });
  expect(caller.said.at(-1)).toMatch(/^BYE Q\.850;cause=102;text="web-media-lost/);
  closed();
  expect(ending()).toMatchObject({ ending: { cause: 'web-media-lost', fault: 'upstream' } });
});
