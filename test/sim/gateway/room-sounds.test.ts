/** What a room hears of a phone beside its voice: ringing, busy, entry tones. Browsers hear it in the phone's own track. */
import { describe, expect, it } from 'vitest';
import type { MediaCommand } from '../../../src/media/protocol.ts';
import type { Door, Participant } from '../../../src/room/participant.ts';
import { DEFAULT_POLICY } from '../../../src/trunk/trunk.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { toneLevel } from '../../support/tones.ts';
import { VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';
import { all } from '../../unit/room/world.ts';
import { rule } from '../../unit/trunk/trunks.ts';
import { answering, refusing, world } from './outbound-world.ts';

/** A browser's place in a room: what it was told, in words. */
function browser(gateway: VirtualGateway, now: () => number) {
  const said: string[] = [];
  const times: number[] = [];
  const door: Door = {
    participantsChanged: (changed: readonly Participant[]) => {
      for (const { identity, state } of changed)
        if (identity !== 'anna' && state === 'disconnected') {
          said.push(`${identity} left`);
          times.push(now());
        }
    },
    subscribed: ({ codecs }, { identity }) => {
      said.push(`${identity} ${codecs[0]?.mime}`);
      times.push(now());
    },
    unsubscribed: () => said.push('gone'),
    ...{ muteRequested() {}, speakersChanged() {}, dataReceived() {}, removed() {} },
  };
  const joined = gateway.rooms.join(
    {
      ...{ room: 'lobby', identity: 'anna', name: '', metadata: '', attributes: new Map() },
      ...{ kind: 'standard', permissions: all, autoCreate: true },
    },
    door,
  );
  if (!joined.ok) throw new Error(joined.error);
  const { room, participant } = joined.value;
  room.activate(participant);
  return { said, times, leave: () => room.leave(participant, 'client_initiated') };
}

const tones = (commands: readonly MediaCommand[], type: 'track.play' | 'room.play') =>
  commands.flatMap((command) =>
    command.type === type
      ? [command.sounds.map((sound) => (sound.from === 'tone' ? sound.tone : sound.name)).join(' ')]
      : [],
  );
const stops = (commands: readonly MediaCommand[]) =>
  commands.flatMap(({ type }) => (type === 'track.stop' || type === 'room.stop' ? [type] : []));

const ringing = { playsDialtone: true };
const CALLEE = 'sip_+60123456789';

describe('a call out that the room hears', () => {
  it('rings in the callee’s own track until the answer, in the same track when the codec is the same', () => {
    const { carrier, phone, place, pass, gateway, net, settle } = world();
    const anna = browser(gateway, () => net.now());
    const caller = phone();
    caller.dial('lobby');
    pass(1000);
    anna.said.length = 0;
    const far = carrier((invite) => invite.progress(180));
    place(ringing);
    pass(3000);
    expect(anna.said).toEqual([`${CALLEE} audio/pcma`]);
    expect(tones(gateway.sounds, 'track.play')).toEqual(['ringback']);
    expect(tones(gateway.sounds, 'room.play')).toEqual(['ringback']);
    // The phone in the room hears it too: 425 Hz, on for one second of five.
    expect(toneLevel(caller.handset.recording(1000).subarray(0, 8000), 8000, 425)).toBeGreaterThan(-24);
    answering(far.invites[0]!, far);
    pass(2000);
    expect(stops(gateway.sounds)).toEqual(['room.stop', 'track.stop']);
    expect(anna.said).toEqual([`${CALLEE} audio/pcma`]);
    expect(toneLevel(caller.handset.recording(4500), 8000, 425)).toBeLessThan(-40);
    far.call!.bye();
    pass(100);
    expect(anna.said.slice(1)).toEqual(['gone', `${CALLEE} left`]);
    caller.hangUp();
    anna.leave();
    settle();
  });
  it('waits with the sound until browsers can have the track', () => {
    const { carrier, place, pass, gateway, net } = world();
    browser(gateway, () => net.now());
    carrier((invite) => invite.progress(180));
    place(ringing);
    pass(400);
    expect(tones(gateway.sounds, 'track.play')).toEqual([]);
    pass(200);
    expect(tones(gateway.sounds, 'track.play')).toEqual(['ringback']);
  });
  it('is silent when the far end plays something itself', () => {
    const { carrier, place, pass, gateway, net, settle } = world();
    const anna = browser(gateway, () => net.now());
    carrier((invite, one) => {
      invite.progress(183, one.sdp);
      invite.reject(486, []);
    });
    place(ringing);
    pass(3000);
    expect(tones(gateway.sounds, 'track.play')).toEqual([]);
    expect(anna.said).toEqual([`${CALLEE} audio/pcma`, 'gone', `${CALLEE} left`]);
    anna.leave();
    settle();
  });
  it.each([
    [486, 'busy'],
    [603, 'busy'],
    [404, 'congestion'],
    [500, 'congestion'],
  ])('says by a tone that it came to nothing: %i, %s; the call is over at once', (status, tone) => {
    const { carrier, place, pass, heard, gateway, net, settle } = world();
    const anna = browser(gateway, () => net.now());
    const far = carrier((invite) => invite.progress(180));
    place(ringing);
    pass(2000);
    refusing(status)(far.invites[0]!);
    pass(200);
    const over = net.now();
    expect(heard.at(-1)).toMatch(/^over/);
    expect(tones(gateway.sounds, 'track.play').at(-1)).toBe(Array(4).fill(tone).join(' '));
    const room = gateway.rooms.find('lobby')!;
    expect(room.participants.get(CALLEE)?.attributes.get('sip.callStatus')).toBe('hangup');
    pass(6000);
    expect(anna.said.slice(1)).toEqual(['gone', `${CALLEE} left`]);
    expect(anna.times.at(-1)! - over).toBeGreaterThan(1500);
    expect(anna.times.at(-1)! - over).toBeLessThan(5000);
    anna.leave();
    settle();
  });
  it('says nothing when it is given up, or when nobody asked for tones', () => {
    const { carrier, place, pass, gateway, net, settle } = world();
    const anna = browser(gateway, () => net.now());
    carrier((invite) => invite.progress(180));
    const placed = place(ringing);
    pass(1000);
    if (placed.ok) placed.value.hangUp();
    pass(200);
    expect(anna.said.slice(1)).toEqual(['gone', `${CALLEE} left`]);
    place();
    pass(2000);
    expect(tones(gateway.sounds, 'track.play')).toEqual(['ringback']);
    expect(anna.said.slice(3)).toEqual([]);
    anna.leave();
    settle();
  });
});

describe('who comes and goes', () => {
  function entry(entrySound: 'tone' | 'spoken') {
    const net = new LossyNet(3);
    net.weather = { delayMs: 5, jitterMs: 2, loss: 0, duplicates: 0 };
    const gateway = new VirtualGateway(net, {
      rules: [rule({ id: 'all', policy: { ...DEFAULT_POLICY, entrySound, keypadMute: true } })],
    });
    const phone = new VirtualPhone(net, '10.0.1.1', 440);
    const pass = (ms: number) => net.every(20, ms / 20, () => phone.tick());
    const over = () => {
      pass(60_000);
      expect(gateway.left()).toEqual({});
      expect(gateway.faults).toEqual([]);
      expect(gateway.stop()).toBe(0);
    };
    return { net, gateway, phone, pass, over };
  }

  it('is heard by browsers in the phone’s own track: nobody else appears, and the phone leaves after its tone', () => {
    const { net, gateway, phone, pass, over } = entry('tone');
    const anna = browser(gateway, () => net.now());
    phone.dial('lobby');
    pass(2000);
    expect(tones(gateway.sounds, 'track.play')).toEqual(['join']);
    expect([...gateway.rooms.find('lobby')!.participants.keys()]).toHaveLength(2);
    phone.hangUp();
    pass(100);
    const ended = gateway.events.find(({ type }) => type === 'call.ended');
    expect(ended).toBeDefined();
    expect(tones(gateway.sounds, 'track.play')).toEqual(['join', 'leave']);
    expect(gateway.rooms.find('lobby')!.participants.size).toBe(2);
    pass(700);
    expect(gateway.rooms.find('lobby')!.participants.size).toBe(1);
    expect(anna.said).toHaveLength(3);
    anna.leave();
    over();
  });
  it('is heard from a phone that muted itself, though of the phone nothing is', () => {
    const { net, gateway, phone, pass, over } = entry('tone');
    const anna = browser(gateway, () => net.now());
    phone.dial('lobby');
    pass(2000);
    phone.handset.press('*6');
    pass(3000);
    const lobby = gateway.rooms.find('lobby')!;
    const track = () =>
      [...lobby.participants.values()]
        .find(({ kind }) => kind === 'sip')
        ?.tracks.values()
        .next().value;
    expect(track()?.muted).toBe(true);
    phone.hangUp();
    pass(100);
    expect(track()?.muted).toBe(false);
    pass(2000);
    expect(track()).toBeUndefined();
    anna.leave();
    over();
  });
  it('goes at once where only phones hear it, where it is missing, and when its room is closed', () => {
    const alone = entry('tone');
    alone.phone.dial('lobby');
    alone.pass(2000);
    alone.phone.hangUp();
    alone.pass(100);
    expect(alone.gateway.rooms.find('lobby')?.participants.size).toBe(0);
    alone.over();

    const missing = entry('spoken');
    browser(missing.gateway, () => 0);
    missing.phone.dial('lobby');
    missing.pass(2000);
    missing.phone.hangUp();
    missing.pass(100);
    expect(missing.gateway.rooms.find('lobby')?.participants.size).toBe(1);

    const closed = entry('tone');
    browser(closed.gateway, () => 0);
    closed.phone.dial('lobby');
    closed.pass(2000);
    closed.phone.hangUp();
    closed.pass(100);
    expect(closed.gateway.rooms.delete('lobby')).toBe(true);
    closed.over();
  });
});
