import { ClientConfigSetting } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import type { IcePolicy } from '../../../src/peer/context.ts';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

const offer = { sdp: browserOffer(firstOffer), id: 1 };

describe.each<[IcePolicy, ClientConfigSetting, 'relay' | undefined]>([
  ['all', ClientConfigSetting.UNSET, undefined],
  ['relay-wished', ClientConfigSetting.ENABLED, undefined],
  ['relay', ClientConfigSetting.ENABLED, 'relay'],
])('a room whose browsers may take: %s', (policy, forceRelay, ways) => {
  function rigOf(): Rig {
    const rig = new Rig();
    rig.icePolicy = (room) => (room === 'lobby' ? policy : 'all');
    return rig;
  }

  test.each(['single', 'dual'] as const)('tells its clients so, and the worker (%s)', (connections) => {
    const rig = rigOf();
    const client = new Client(rig, { connections, ...(connections === 'single' ? { offer } : {}) });
    expect(client.last('join').clientConfiguration?.forceRelay).toBe(forceRelay);
    const opened = rig.told('transport.open');
    expect(opened.length).toBeGreaterThan(0);
    for (const command of opened) expect(command.ways).toBe(ways);
  });

  test('tells a client that comes back', () => {
    const rig = rigOf();
    const first = new Client(rig, { offer });
    const sid = first.last('join').participant?.sid ?? '';
    rig.media({
      type: 'transport.connected',
      transport: rig.told('transport.open')[0]!.transport,
      path: { protocol: 'udp', remote: '203.0.113.5:4000', relayed: false },
    });
    first.session.closed();
    const second = new Client(rig, { resume: true, participantSid: sid });
    expect(second.last('reconnect').clientConfiguration?.forceRelay).toBe(forceRelay);
  });
});

/** draft-ietf-mmusic-mdns-ice-candidates: what a browser sends that hides its addresses. */
const MDNS =
  'candidate:1 1 udp 2113937151 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 54596 typ host generation 0';

test('candidates of a browser change nothing: hidden behind mDNS, trickled, malformed, at their end, or late', () => {
  const rig = new Rig();
  const { sdp } = offer;
  const described = sdp.replace(
    'a=ice-options:trickle',
    `a=ice-options:trickle\r\na=${MDNS}\r\na=end-of-candidates`,
  );
  const client = new Client(rig, { offer: { sdp: described, id: 1 } });
  expect(client.last('answer').sdp).toContain('a=ice-lite');
  const before = rig.commands.length;
  for (const candidate of [
    { candidate: MDNS, sdpMid: '0', sdpMLineIndex: 0 },
    { candidate: '', sdpMid: '0', sdpMLineIndex: 0 },
    { candidate: 'candidate:x', sdpMid: '99' },
    {},
  ]) {
    for (const final of [false, true])
      client.say({
        case: 'trickle',
        value: { candidateInit: JSON.stringify(candidate), final } as never,
      });
  }
  client.say({ case: 'trickle', value: { candidateInit: 'not JSON', final: false } as never });
  expect(rig.commands).toHaveLength(before);
  expect(rig.drops).toEqual([]);
  expect(rig.faults).toEqual([]);
  expect(client.closes).toEqual([]);
});

test('TURN servers are asked for by where the client is, and again when it comes back from elsewhere', () => {
  const rig = new Rig();
  const first = new Client(rig, { offer, source: '192.0.2.9' });
  const sid = first.last('join').participant?.sid ?? '';
  rig.media({
    type: 'transport.connected',
    transport: rig.told('transport.open')[0]!.transport,
    path: { protocol: 'udp', remote: '203.0.113.5:4000', relayed: false },
  });
  first.session.closed();
  new Client(rig, { resume: true, participantSid: sid, source: '198.51.100.1' });
  expect(rig.sources).toEqual(['192.0.2.9', '198.51.100.1']);
});
