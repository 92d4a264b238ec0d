import { beforeEach, describe, expect, it } from 'vitest';
import { convertRate } from '../../../src/audio/convert-rate.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import { type CallPolicy, DEFAULT_POLICY, type DispatchRule } from '../../../src/trunk/trunk.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { TONES, tone, toneLevel } from '../../support/tones.ts';
import { VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';
import { rule } from '../../unit/trunk/trunks.ts';

/** Each prompt is a tone of its own, so that a test hears which one it is. */
const PROMPTS = {
  'enter-pin': 1150,
  'wrong-pin': 1350,
  'too-many-tries': 1450,
  goodbye: 1650,
  'please-wait': 1750,
  'hold-music': 1950,
  joined: 2250,
  left: 2350,
  'you-are-muted': 2450,
  'you-are-unmuted': 2650,
};
type PromptName = keyof typeof PROMPTS;

const sounds = new SoundBook(
  Object.entries(PROMPTS).map(([name, hz]) => {
    const sound = tone(hz, 6000, 1000);
    return { language: 'en', name, samples: [sound, convertRate(sound, 8000, 16_000)] };
  }),
);

const direct = (id: string, pin?: string, policy: Partial<CallPolicy> = {}): DispatchRule =>
  rule({
    ...{ id, room: { kind: 'direct', roomName: id }, ...(pin === undefined ? {} : { pin }) },
    policy: { ...DEFAULT_POLICY, ...policy },
  });

let net: LossyNet;
let gateway: VirtualGateway;
let phones: VirtualPhone[];

function open(...rules: DispatchRule[]): void {
  gateway = new VirtualGateway(net, { rules, sounds });
}

function phone(): VirtualPhone {
  const made = new VirtualPhone(net, `10.0.1.${phones.length + 1}`, TONES[phones.length]!);
  phones.push(made);
  made.dial('service');
  return made;
}

function pass(ms: number): void {
  net.every(20, ms / 20, () => {
    for (const each of phones) each.tick();
  });
}

/** What the phone hears in the next `ms`: the loudest prompt. */
function hears(listener: VirtualPhone, ms = 600): PromptName | 'nothing' | 'other' {
  const from = listener.handset.recording().length;
  pass(ms);
  const heard = listener.handset.recording().subarray(from);
  const found = Object.entries(PROMPTS).filter(([, hz]) => toneLevel(heard, 8000, hz) > -24);
  if (found.length > 0) return found.map(([name]) => name).join('+') as PromptName;
  return TONES.some((hz) => toneLevel(heard, 8000, hz) > -24) ? 'other' : 'nothing';
}

const people = (room: string) => gateway.rooms.find(room)?.participants.size ?? 0;
const cause = () =>
  gateway.events.flatMap((event) => (event.type === 'call.ended' ? [event.ending.cause] : []));
const verdicts = () => gateway.events.flatMap((event) => (event.type === 'call.pin' ? [event.verdict] : []));
const level = (listener: VirtualPhone, hz: number, ms: number) => {
  const from = listener.handset.recording().length;
  pass(ms);
  return toneLevel(listener.handset.recording().subarray(from), 8000, hz);
};

beforeEach(() => {
  net = new LossyNet(11);
  net.weather = { delayMs: 5, jitterMs: 2, loss: 0, duplicates: 0 };
  phones = [];
});

function over(): void {
  for (const each of phones) each.hangUp();
  pass(60_000);
  expect(gateway.left()).toEqual({});
  expect(gateway.faults).toEqual([]);
  expect(gateway.stop()).toBe(0);
}

describe('a PIN', () => {
  it('leads to its room, and nobody is in any room before', () => {
    open(direct('board', '4711'), direct('sales', '0815'));
    const [a, b] = [phone(), phone()];
    pass(1000);
    expect(hears(a)).toBe('enter-pin');
    expect([people('board'), people('sales')]).toEqual([0, 0]);
    for (const each of [a, b]) each.handset.press('0815#');
    pass(4000);
    expect([people('board'), people('sales')]).toEqual([0, 2]);
    expect(level(a, TONES[1], 2000)).toBeGreaterThan(-18);
    expect(level(b, TONES[0], 2000)).toBeGreaterThan(-18);
    expect(JSON.stringify(gateway.events)).not.toMatch(/0815|call\.dtmf/);
    expect(verdicts()).toEqual(['accepted', 'accepted']);
    // Each is told to be in its room when it is, and not before.
    const told = gateway.events.map(({ type }) => type).filter((type) => /call\.(?:pin|joined)/.test(type));
    expect(told).toEqual(['call.pin', 'call.joined', 'call.pin', 'call.joined']);
    a.handset.press('7');
    pass(500);
    expect(gateway.events.filter(({ type }) => type === 'call.dtmf')).toHaveLength(1);
    over();
  });
  it('is asked for three times, and five wrong ones in a row lock the caller out', () => {
    open(direct('board', '4711'));
    const a = phone();
    pass(1000);
    a.handset.press('1#');
    pass(700);
    expect(hears(a, 500)).toBe('wrong-pin');
    a.handset.press('2#');
    pass(3000);
    a.handset.press('3#');
    pass(700);
    expect(hears(a, 500)).toBe('too-many-tries');
    pass(3000);
    expect(a.ended).toMatchObject({ by: 'bye' });
    expect(cause()).toEqual(['wrong-pin']);
    a.dialAgain('service');
    pass(1000);
    for (const pin of ['5#', '6#', '4711#']) {
      a.handset.press(pin);
      pass(3000);
    }
    // The fourth and fifth wrong one; then not even the right one is let in.
    expect(verdicts()).toEqual(['refused', 'refused', 'refused', 'refused', 'locked', 'locked']);
    pass(3000);
    expect(cause()).toEqual(['wrong-pin', 'wrong-pin']);
    a.dialAgain('service');
    pass(1000);
    expect(a.ended).toMatchObject({ by: 'rejected', status: 403 });
    over();
  });
  it('is right, and its room has no place: a tone says so before the call ends', () => {
    open(direct('board', '4711'));
    expect(gateway.rooms.create('board', { maxParticipants: 1 }).ok).toBe(true);
    const [a, b] = [phone(), phone()];
    pass(1000);
    a.handset.press('4711#');
    pass(2000);
    b.handset.press('4711#');
    pass(2000);
    expect(toneLevel(b.handset.recording().subarray(-12_000), 8000, 425)).toBeGreaterThan(-24);
    expect(b.ended).toBeUndefined();
    b.handset.press('7');
    pass(3000);
    expect(b.ended).toMatchObject({ by: 'bye' });
    expect(cause()).toEqual(['room-full']);
    expect(verdicts()).toEqual(['accepted', 'accepted']);
    over();
  });
  it('is not waited for for ever', () => {
    open(direct('board', '4711'));
    phone();
    pass(60_000);
    expect(cause()).toEqual(['no-pin']);
    over();
  });
  it('is asked for before the answer, in early media, where the rule says so', () => {
    open(direct('board', '4711', { answer: 'after-pin' }));
    const a = phone();
    pass(1000);
    expect(a.said).toEqual(['180', '183']);
    expect(hears(a)).toBe('enter-pin');
    a.handset.press('4711#');
    pass(3000);
    expect(a.answered).toBe(true);
    expect(people('board')).toBe(1);
    over();
  });
  it('that is wrong before the answer is refused with 403', () => {
    open(direct('board', '4711', { answer: 'after-pin' }));
    const a = phone();
    pass(1000);
    for (const pin of ['1#', '2#', '3#']) {
      a.handset.press(pin);
      pass(4000);
    }
    pass(3000);
    expect(a.ended).toMatchObject({ by: 'rejected', status: 403 });
    expect(cause()).toEqual(['wrong-pin']);
    over();
  });
  it('and then the wait for somebody', () => {
    open(direct('board', '4711', { answer: 'when-somebody' }));
    const a = phone();
    pass(1000);
    a.handset.press('4711#');
    pass(1600);
    expect(people('board')).toBe(1);
    expect(hears(a, 500)).toBe('please-wait');
    pass(1000);
    expect(hears(a, 500)).toBe('hold-music');
    const b = phone();
    pass(1000);
    b.handset.press('4711#');
    pass(3000);
    expect(hears(a)).toBe('other');
    expect(level(b, TONES[0], 2000)).toBeGreaterThan(-18);
    over();
  });
});

describe('the answer when somebody is there', () => {
  it('comes at once then, and not before: the phone rings', () => {
    open(direct('lobby', undefined, { answer: 'when-somebody' }));
    const a = phone();
    pass(5000);
    expect(a.said).toEqual(['180']);
    const b = phone();
    pass(1000);
    expect([a.answered, b.answered]).toEqual([true, true]);
    expect(level(a, TONES[1], 2000)).toBeGreaterThan(-18);
    over();
  });
  it('is 480 when nobody comes in time', () => {
    open(direct('lobby', undefined, { answer: 'when-somebody', waitMs: 8000 }));
    const a = phone();
    pass(7900);
    expect(a.ended).toBeUndefined();
    pass(200);
    expect(a.ended).toMatchObject({ by: 'rejected', status: 480 });
    expect(cause()).toEqual(['nobody-came']);
    over();
  });
  it('is waited for with our ringing tone, or our words and music', () => {
    open(direct('lobby', undefined, { answer: 'when-somebody', earlyMedia: 'ringback' }));
    const a = phone();
    pass(400);
    expect(a.said).toEqual(['180', '183']);
    expect(level(a, 425, 600)).toBeGreaterThan(-20);
    pass(200);
    expect(level(a, 425, 2000)).toBeLessThan(-60);
    const b = phone();
    pass(1000);
    expect(a.answered).toBe(true);
    expect(level(b, TONES[0], 1000)).toBeGreaterThan(-18);
    over();
  });
});

describe('keys and sounds in the room', () => {
  it('*6 mutes the phone and unmutes it, with a word about it', () => {
    open(direct('lobby', undefined, { keypadMute: true }));
    const [a, b] = [phone(), phone()];
    pass(2000);
    expect(level(b, TONES[0], 1000)).toBeGreaterThan(-18);
    a.handset.press('*6');
    pass(700);
    expect(hears(a, 500)).toContain('you-are-muted');
    pass(1000);
    expect(level(b, TONES[0], 1000)).toBeLessThan(-60);
    a.handset.press('*6');
    pass(2500);
    expect(level(b, TONES[0], 1000)).toBeGreaterThan(-18);
    over();
  });
  it('who comes and goes is told to the phones', () => {
    open(direct('lobby', undefined, { entrySound: 'spoken' }));
    const a = phone();
    pass(3000);
    const b = phone();
    pass(300);
    expect(hears(a, 500)).toContain('joined');
    pass(2000);
    b.hangUp();
    pass(300);
    expect(hears(a, 500)).toContain('left');
    over();
  });
});
