import { expect, test } from 'vitest';
import { DownlinkBandwidth, type OpenSender } from '../../../src/media/downlink-bandwidth.ts';
import { Bottleneck } from '../../support/bottleneck.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

/** One peer with videos of one size each, behind a bottleneck, and the feedback that it sends. */
class Peer extends VirtualTime {
  readonly states: string[] = [];
  readonly keyframes: number[] = [];
  readonly bandwidth = new DownlinkBandwidth({
    clock: this.clock,
    timers: this.timers,
    onState: (sender, state) =>
      this.states.push(`${this.#videos.findIndex((v) => v.sender === sender)} ${state}`),
  });
  readonly #line: Bottleneck;
  readonly #videos: OpenSender[] = [];
  #sequence = 0;
  #reported = 0;
  readonly #arrivals = new Map<number, number>();

  constructor(bitsPerSecond: number) {
    super();
    this.#line = new Bottleneck({ bitsPerSecond, delayMs: 20, queueMs: 300, random: () => 0.5 });
  }

  /** A video that comes in already, at so many bits a second. */
  add(rate: number): OpenSender['sender'] {
    const sender = {
      ...{ kind: 'video', isMeasured: true, muted: false, priority: 0, wantedLayer: Infinity, packets: 0 },
      allowedLayer: Infinity,
      get shownLayer(): number {
        return this.allowedLayer < 0 || this.packets === 0 ? -1 : 0;
      },
      allow(layer: number) {
        this.allowedLayer = layer;
      },
      pad: () => this.#send(300),
    };
    const forwarder = {
      layers: { bitrate: (layer: number) => (layer === 0 ? rate : 0) },
      requestKeyframe: () => this.keyframes.push(this.now),
    };
    const open = { sender, forwarder } as unknown as OpenSender;
    this.#videos.push(open);
    this.bandwidth.add(open);
    const frame = (at: number): void => {
      if (sender.allowedLayer >= 0) {
        sender.packets++;
        for (let left = rate / 8 / 30; left > 0; left -= 1200) this.#send(Math.min(1200, left));
      }
      this.timers.schedule(at + 1000 / 30, frame);
    };
    this.timers.schedule(this.now, frame);
    return open.sender;
  }

  start(): void {
    this.timers.schedule(this.now + 60, (at) => this.#feedback(at));
  }

  #send(bytes: number): number {
    const sequence = this.#sequence++ & 0xffff;
    const arrival = this.#line.send(bytes + 28, this.now);
    this.#arrivals.set(sequence, arrival ?? Number.NaN);
    this.bandwidth.sent(sequence, bytes, this.now);
    return bytes;
  }

  #feedback(at: number): void {
    const arrivals: number[] = [];
    for (let sequence = this.#reported; ; sequence = (sequence + 1) & 0xffff) {
      const arrival = this.#arrivals.get(sequence);
      if (arrival === undefined || arrival > at) break;
      arrivals.push(arrival);
      this.#arrivals.delete(sequence);
    }
    const base = this.#reported;
    this.#reported = (base + arrivals.length) & 0xffff;
    if (arrivals.length > 0)
      this.bandwidth.feedback({ type: 'transport-cc', base, arrivals: Float64Array.from(arrivals) }, at);
    this.timers.schedule(at + 60, (next) => this.#feedback(next));
  }
}

test('a picture of one size goes through from its beginning, though it is more than the estimate begins with', () => {
  const peer = new Peer(20_000_000);
  const video = peer.add(1_500_000);
  peer.start();
  for (let ms = 0; ms < 10_000; ms += 20) {
    peer.pass(20);
    expect(video.allowedLayer, `after ${ms} ms`).toBeGreaterThanOrEqual(0);
  }
  expect(peer.states).toEqual([]);
  // A second one finds a connection that is tried.
  peer.add(1_000_000);
  peer.pass(3000);
  expect(peer.states).toEqual([]);
});

test('on a line that cannot carry it, it is given up as soon as that is seen', () => {
  const peer = new Peer(500_000);
  const video = peer.add(1_500_000);
  peer.start();
  peer.pass(2000);
  expect(video.allowedLayer).toBe(-1);
  expect(peer.states[0]).toBe('0 paused');
});

test('many at once do not flood a line that is not tried', () => {
  const peer = new Peer(20_000_000);
  const videos = Array.from({ length: 10 }, () => peer.add(1_500_000));
  peer.pass(200);
  expect(videos.filter(({ allowedLayer }) => allowedLayer >= 0)).toHaveLength(2);
});
