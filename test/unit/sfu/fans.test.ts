import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SealingWay } from '../../../src/base/sealing-way.ts';
import { parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { RED } from '../../../src/sfu/red.ts';
import { TrackSender } from '../../../src/sfu/track-sender.ts';
import { FanEnd, HandFan } from './fan-world.ts';

const opus = { mime: 'audio/opus', clockRate: 48_000, payloadType: 111 };
const pcma = { mime: 'audio/pcma', clockRate: 8000, payloadType: 8 };
const red = { mime: RED, clockRate: 48_000, payloadType: 63 };

/** Receivers of several makes: of two forms with several MIDs, one who takes RED, one who knows but one codec, one with long numbers. */
const MAKES = [
  { mid: '0', codecs: [opus, pcma] },
  { mid: '3', codecs: [opus, pcma] },
  { mid: '12', codecs: [opus, pcma] },
  { mid: '5', codecs: [red, opus, pcma] },
  {
    mid: '6',
    codecs: [
      { ...red, payloadType: 64 },
      { ...opus, payloadType: 109 },
    ],
  },
  { mid: '7', codecs: [opus], isNumbered: true },
  { mid: '', codecs: [opus, pcma], audioLevel: 0 },
];

/** A track and its receivers; `fans`: whether they may ride. */
class World {
  readonly ends: FanEnd[] = [];
  readonly senders: TrackSender[] = [];
  readonly forwarder: Forwarder;
  /** Packets that were made for many. */
  fanned = 0;
  readonly #ways = new Map<SealingWay, FanEnd>();
  readonly #mayRide: boolean;

  constructor(fans: 'with fans' | 'without') {
    this.#mayRide = fans === 'with fans';
    const source = {
      open: () => new HandFan(this.#ways),
      sent: (count: number) => {
        this.fanned += count;
      },
    };
    this.forwarder = new Forwarder(
      { keyframeNeeded: () => {}, refused: () => {} },
      this.#mayRide ? source : undefined,
    );
  }

  /** Its path becomes a steady one, or is no more. */
  turn(end: FanEnd | undefined): void {
    end?.alight();
    if (end !== undefined) end.isSteady = !end.isSteady && this.#mayRide;
  }

  add(make: number, seed: number): void {
    const { audioLevel = 1, codecs, isNumbered, mid } = MAKES[make % MAKES.length]!;
    const end = new FanEnd(this.#mayRide);
    const sender = new TrackSender({
      kind: 'audio',
      ssrc: 7,
      cname: 'c',
      mid,
      codecs,
      extensions: { mid: 2, audioLevel, absSendTime: 3, transportCc: isNumbered === true ? 4 : 0 },
      random: { bytes: (length) => new Uint8Array(length), u32: () => seed },
      output: end,
    });
    end.alight = () => sender.alight();
    this.#ways.set(end.way, end);
    this.ends.push(end);
    this.senders.push(sender);
    this.forwarder.add(sender, 0);
  }
}

function packet(sequence: number, timestamp: number, ssrc: number, size: number, level: number): RtpView {
  const bytes = new Uint8Array(12 + size).fill(size);
  // Blocks of RED begin with their payload type.
  if (size > 0) bytes[12] = 111;
  const header = { payloadType: 111, marker: size % 7 === 0, sequence: sequence & 0xffff, ssrc };
  writeRtpHeader(bytes, 0, { ...header, timestamp: timestamp >>> 0, extension: 'none' });
  const view = new RtpView();
  parseRtp(bytes, bytes.length, view);
  view.level = level;
  return view;
}

type Step =
  | { readonly do: 'say'; readonly lost: number; readonly size: number; readonly level: number }
  | { readonly do: 'late'; readonly by: number }
  | { readonly do: 'jump'; readonly timestamp: number; readonly sequence: number }
  | { readonly do: 'source' | 'pause' | 'wait' | 'report' | 'codec' | 'red' }
  | { readonly do: 'mute' | 'measure' | 'path' | 'nack' | 'remove'; readonly who: number }
  | { readonly do: 'add'; readonly make: number; readonly seed: number };

const who = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      lost: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 30 })),
      size: fc.integer({ min: 1, max: 200 }),
      level: fc.constantFrom(20, 80, 255),
    }),
  },
  fc.record({ do: fc.constant('late' as const), by: fc.nat({ max: 40 }) }),
  fc.record({
    do: fc.constant('jump' as const),
    timestamp: fc.integer({ min: -1e7, max: 1e7 }),
    sequence: fc.integer({ min: -3000, max: 3000 }),
  }),
  fc.record({ do: fc.constantFrom('source', 'pause', 'wait', 'report', 'codec', 'red') }),
  fc.record({ do: fc.constantFrom('mute', 'measure', 'path', 'nack', 'remove'), who }),
  fc.record({ do: fc.constant('add' as const), make: who, seed: fc.nat({ max: 2 ** 32 - 1 }) }),
);

/** Plays the steps to a world; what its reports said. */
function play(world: World, steps: readonly Step[]): unknown[] {
  const reports: unknown[] = [];
  let now = 1000;
  let sequence = 65_500;
  let timestamp = 4_294_900_000;
  let ssrc = 1;
  let codec = opus;
  let isRed = false;
  const push = (view: RtpView): void => {
    if (!isRed) world.forwarder.push(view, codec.mime, now);
    else {
      world.forwarder.pushRed(view, now);
      world.forwarder.pushUnwrapped(view, opus.mime, now);
    }
  };
  for (let make = 0; make < MAKES.length + 2; make++) world.add(make, 1000 * make);
  for (const one of steps) {
    const at = 'who' in one ? one.who % Math.max(1, world.senders.length) : 0;
    const sender = world.senders[at];
    const end = world.ends[at];
    switch (one.do) {
      case 'say':
        now += 20 * (1 + one.lost);
        sequence += 1 + one.lost;
        timestamp += (codec.clockRate / 50) * (1 + one.lost);
        push(packet(sequence, timestamp, ssrc, one.size, one.level));
        break;
      case 'late':
        push(packet(sequence - one.by, timestamp - (codec.clockRate / 50) * one.by, ssrc, 9, 20));
        break;
      case 'jump':
        timestamp += one.timestamp;
        sequence += one.sequence;
        break;
      case 'source':
        ssrc++;
        break;
      case 'pause':
        world.forwarder.pause();
        break;
      case 'wait':
        now += 700;
        break;
      case 'codec':
        codec = codec === opus ? pcma : opus;
        isRed = false;
        break;
      case 'red':
        isRed = !isRed;
        codec = opus;
        break;
      case 'report':
        for (const each of world.senders) reports.push([each.report(now, 5e11), each.packets, each.octets]);
        break;
      case 'mute':
        if (sender !== undefined) sender.muted = !sender.muted;
        break;
      case 'measure':
        end?.alight();
        if (end !== undefined) end.isMeasured = !end.isMeasured;
        break;
      case 'path':
        world.turn(end);
        break;
      case 'nack':
        sender?.resend([(sequence + 1) & 0xffff, sequence & 0xffff], [], now);
        break;
      case 'remove':
        if (sender !== undefined && world.senders.length > 3) {
          world.forwarder.remove(sender);
          world.senders.splice(at, 1);
          world.ends.splice(at, 1);
        }
        break;
      case 'add':
        if (world.senders.length < 20) world.add(one.make, one.seed);
        break;
    }
  }
  return reports;
}
describe('packets that are made for many', () => {
  test('are what each receiver would have been sent alone, whatever happens', () => {
    let fanned = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200, size: 'max' }), (steps) => {
        const [together, alone] = [new World('with fans'), new World('without')];
        expect(play(together, steps)).toEqual(play(alone, steps));
        expect(together.ends.map(({ sent }) => sent)).toEqual(alone.ends.map(({ sent }) => sent));
        expect(together.ends.map(({ resent }) => resent)).toEqual(alone.ends.map(({ resent }) => resent));
        fanned += together.fanned;
      }),
      { numRuns: 100 },
    );
    expect(fanned).toBeGreaterThan(10_000);
  });

  test('go on past the wrap of their numbers, and count in reports', () => {
    const steps: Step[] = Array.from({ length: 40_000 }, () => ({ do: 'say', lost: 0, size: 10, level: 20 }));
    const [together, alone] = [new World('with fans'), new World('without')];
    const lost = { do: 'say' as const, lost: 4, size: 10, level: 20 };
    const watched: Step[] = [...steps, { do: 'report' }, lost, { do: 'late', by: 3 }];
    expect(play(together, watched)).toEqual(play(alone, watched));
    expect(together.ends[0]!.sent.at(-1)).toEqual(alone.ends[0]!.sent.at(-1));
    // All but the first packet; of nine receivers there are five forms, and four are fanned at once.
    expect(together.fanned).toBe(40_000 * 8);
  });
});
