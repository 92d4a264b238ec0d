import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { offer, phone, world } from './rig.ts';

describe('the phone door', () => {
  it('rings, answers with A-law and lets the phone into the room it dialled', () => {
    const { door, rooms, opened, commands, events } = world();
    const caller = phone();
    door.onInvite(caller.invite);
    expect(caller.said).toEqual(['180']);
    opened();
    expect(caller.said).toEqual(['180', '200']);
    expect(caller.sdp()).toContain('m=audio 12000 RTP/AVP 8 101');
    expect(caller.sdp()).toContain('c=IN IP4 192.0.2.1');
    const media = commands.find((command) => command.type === 'leg.media');
    expect(media?.media).toMatchObject({
      remote: { address: '192.0.2.9', port: 4000, rtcpPort: 4001 },
      codec: { mime: 'audio/pcma', payloadType: 8 },
      dtmfOut: 101,
      allowedSources: ['192.0.2.9'],
    });
    caller.handler().confirmed(undefined);
    const inside = rooms.find('lobby')?.participants.get('sip_+60312345678');
    expect(inside?.kind).toBe('sip');
    expect(inside?.attributes.get('sip.callStatus')).toBe('active');
    expect(inside?.attributes.get('sip.phoneNumber')).toBe('+60312345678');
    expect([...(inside?.tracks.values() ?? [])][0]?.codecs[0]?.mime).toBe('audio/pcma');
    expect(events.map((event) => event.type)).toContain('call.answered');
  });

  it('ends by BYE and leaves nothing behind', () => {
    const { door, rooms, opened, closed, timers, at, ending } = world();
    const caller = phone();
    door.onInvite(caller.invite);
    opened();
    caller.handler().confirmed(undefined);
    at(5000);
    caller.handler().ended({ by: 'bye', reason: undefined });
    closed();
    expect(caller.said).toEqual(['180', '200']);
    expect(ending()).toMatchObject({
      durationMs: 5000,
      ending: { cause: 'bye', q850: 16 },
      quality: { lost: 0 },
    });
    expect(door.size).toBe(0);
    at(60_000);
    expect([...rooms.rooms]).toEqual([]);
    expect(timers.size).toBe(0);
  });

  it('is over even when the worker never says so', () => {
    const { door, opened, timers, at, ending } = world();
    const caller = phone();
    door.onInvite(caller.invite);
    opened();
    caller.handler().ended({ by: 'ack-timeout' });
    at(60_000);
    expect(ending()).toMatchObject({ ending: { cause: 'ack-timeout' } });
    expect(door.size).toBe(0);
    expect(timers.size).toBe(0);
  });

  it('takes a CANCEL while the port is being reserved, and a port that comes too late', () => {
    const { door, opened, closed, ending } = world();
    const caller = phone();
    door.onInvite(caller.invite);
    caller.handler().ended({ by: 'cancel', reason: undefined });
    opened();
    closed();
    expect(caller.said).toEqual(['180']);
    expect(ending()).toMatchObject({ ending: { cause: 'cancelled', sipStatus: 487 } });
  });

  it.each([
    ['no codec in common', { offer: offer(['m=audio 4000 RTP/AVP 18']) }, /^488 .*no-common-codec/],
    ['no SDP in the body', { offer: utf8('hello') }, /^400 .*bad-offer/],
    [
      'media towards a group',
      { offer: offer(['c=IN IP4 224.0.0.1', 'm=audio 4000 RTP/AVP 8', 'c=IN IP4 224.0.0.1']) },
      /^488 .*bad-media-address/,
    ],
    [
      'media towards ourselves',
      { offer: offer(['m=audio 4000 RTP/AVP 8', 'c=IN IP4 127.0.0.1']) },
      /^488 .*bad-media-address/,
    ],
    ['a number that is none', { to: 'a b' }, /^484 .*bad-number/],
    ['a stranger', { source: '198.51.100.1' }, /^403 .*no-trunk/],
  ])('refuses %s', (_name, options, reply) => {
    const { door, events, commands } = world();
    const caller = phone(options);
    door.onInvite(caller.invite);
    expect(caller.said).toHaveLength(1);
    expect(caller.said[0]).toMatch(reply);
    expect(events.map((event) => event.type)).toEqual(['call.refused']);
    expect(commands).toEqual([]);
  });

  it('keeps to the trunk limit, and gives the place back', () => {
    const { door, opened, closed } = world({ maxCalls: 1 });
    const first = phone();
    door.onInvite(first.invite);
    opened();
    const second = phone();
    door.onInvite(second.invite);
    expect(second.said[0]).toMatch(/^503 .*trunk-limit/);
    first.handler().ended({ by: 'bye', reason: undefined });
    closed();
    const third = phone();
    door.onInvite(third.invite);
    expect(third.said).toEqual(['180']);
  });

  it('takes on no more than the gateway can', () => {
    const few = world({}, { calls: 1, callsPerSecond: 100 });
    few.door.onInvite(phone().invite);
    const second = phone();
    few.door.onInvite(second.invite);
    expect(second.said[0]).toMatch(/^503 .*overload/);
    const slow = world({ maxCalls: 0 }, { calls: 100, callsPerSecond: 2 });
    const fates = [1, 2, 3].map(() => {
      const caller = phone();
      slow.door.onInvite(caller.invite);
      return caller.said[0]?.slice(0, 3);
    });
    expect(fates).toEqual(['180', '180', '503']);
  });

  it('lets two calls from one number stand side by side', () => {
    const { door, rooms, opened } = world();
    door.onInvite(phone().invite);
    opened();
    door.onInvite(phone().invite);
    opened();
    expect([...rooms.find('lobby')!.participants.keys()]).toEqual(['sip_+60312345678', 'sip_+60312345678_2']);
  });

  it('offers by itself when the INVITE does not, and hangs up when the ACK brings nothing', () => {
    const { door, opened, commands } = world();
    const good = phone({ offer: undefined });
    door.onInvite(good.invite);
    opened();
    expect(good.sdp()).toContain('m=audio 12000 RTP/AVP 8 0 101');
    expect(commands.some((command) => command.type === 'leg.media')).toBe(false);
    good.handler().confirmed(offer(['m=audio 4000 RTP/AVP 0']));
    expect(commands.find((command) => command.type === 'leg.media')?.media.codec.mime).toBe('audio/pcmu');
    const bad = phone({ offer: undefined });
    door.onInvite(bad.invite);
    opened();
    bad.handler().confirmed(undefined);
    expect(bad.said[2]).toMatch(/^BYE .*no-answer-sdp/);
  });

  it('hangs up when the room closes, when nothing is heard, and when it lasts too long', () => {
    const { door, rooms, opened, media, leg, at } = world();
    const silent = phone();
    door.onInvite(silent.invite);
    opened();
    media({ type: 'leg.silent', leg: leg() });
    expect(silent.said[2]).toMatch(/^BYE .*media-timeout/);
    const long = phone();
    door.onInvite(long.invite);
    opened();
    at(3_600_001);
    expect(long.said[2]).toMatch(/^BYE .*max-duration/);
    const last = phone();
    door.onInvite(last.invite);
    opened();
    rooms.stop('server_shutdown');
    expect(last.said[2]).toMatch(/^BYE .*stopping/);
  });

  it('stops: those who talk get a BYE, those who ring a 503, newcomers too', () => {
    const { door, opened } = world();
    const talking = phone();
    door.onInvite(talking.invite);
    opened();
    const ringing = phone();
    door.onInvite(ringing.invite);
    door.stop();
    expect(talking.said[2]).toMatch(/^BYE .*stopping/);
    expect(ringing.said[1]).toMatch(/^503 .*stopping/);
    const late = phone();
    door.onInvite(late.invite);
    expect(late.said[0]).toMatch(/^503 .*stopping/);
  });

  it('fails closed when no port is free', () => {
    const { door, media, leg, closed } = world();
    const caller = phone();
    door.onInvite(caller.invite);
    media({ type: 'leg.failed', leg: leg(), reason: 'exhausted' });
    expect(caller.said[1]).toMatch(/^503 .*no-ports/);
    closed();
    expect(door.size).toBe(0);
  });
});
