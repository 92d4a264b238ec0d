import { describe, expect, test } from 'vitest';
import { allocate, type Claim, fullCost } from '../../../src/sfu/allocation.ts';
import { BandwidthEstimator } from '../../../src/sfu/congestion/estimator.ts';
import { Bottleneck } from '../../support/bottleneck.ts';

const LAYERS = [150_000, 500_000, 1_700_000];

/** A forwarder of one camera in three sizes behind a bottleneck, and the peer's feedback, in virtual time. */
class Sim {
  now = 0;
  layer = -1;
  readonly estimator = new BandwidthEstimator();
  readonly line: Bottleneck;
  /** Longest wait at the line since the last look, ms. */
  longest = 0;
  readonly layers: { at: number; layer: number }[] = [];
  #sequence = 65_000;
  #seed = 7;
  #coming: { at: number; sequence: number }[] = [];
  #arrived = new Map<number, number>();
  #reported = 65_001;
  #nextFrame = 0;
  #nextFeedback = 60;

  constructor(options: { bitsPerSecond: number; loss?: number; delayMs?: number; queueMs?: number }) {
    this.line = new Bottleneck({ delayMs: 30, queueMs: 400, random: () => this.#random(), ...options });
  }

  run(ms: number): void {
    const until = this.now + ms;
    for (; this.now < until; this.now += 5) this.#step();
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  #step(): void {
    const claims: Claim[] = [{ costs: LAYERS, wanted: 2, priority: 0, current: this.layer }];
    if (this.now % 100 === 0) {
      const [layer] = allocate(claims, this.estimator.rate);
      if (layer !== this.layer) this.layers.push({ at: this.now, layer: layer! });
      this.layer = layer!;
    }
    if (this.now >= this.#nextFrame) {
      this.#nextFrame += 100 / 3;
      // Pictures differ in size; one in ninety is a key frame.
      const share = this.layer < 0 ? 0 : LAYERS[this.layer]! / 30 / 8;
      let left = share * (this.#random() < 1 / 90 ? 4 : 0.8 + 0.4 * this.#random());
      for (; left > 0; left -= 1200) this.#send(Math.min(1250, Math.ceil(left) + 50));
    }
    const padding = this.estimator.probe(fullCost(claims), this.now);
    if (padding > 0) {
      const media = this.layer < 0 ? 0 : LAYERS[this.layer]!;
      for (let left = ((padding - media) * 5) / 8000; left > 0; left -= 300) this.#send(300);
    }
    this.longest = Math.max(this.longest, this.line.waiting(this.now));
    if (this.now >= this.#nextFeedback) this.#feedback();
  }

  #send(bytes: number): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.estimator.sent(this.#sequence, bytes, this.now);
    const at = this.line.send(bytes, this.now);
    if (at !== undefined) this.#coming.push({ at, sequence: this.#sequence });
  }

  #feedback(): void {
    this.#nextFeedback += 60;
    // The feedback itself needs 30 ms for its way.
    const here = this.#coming.filter(({ at }) => at <= this.now - 30);
    this.#coming = this.#coming.filter(({ at }) => at > this.now - 30);
    for (const { at, sequence } of here) this.#arrived.set(sequence, at);
    const highest = here.at(-1)?.sequence;
    if (highest === undefined) return;
    const count = ((highest - this.#reported) & 0xffff) + 1;
    const base = this.#reported;
    const arrivals = Float64Array.from({ length: count }, (_, i) => {
      const at = this.#arrived.get((base + i) & 0xffff);
      return at === undefined ? Number.NaN : Math.round((at + 1e6) * 4) / 4;
    });
    this.#reported = (highest + 1) & 0xffff;
    this.#arrived.clear();
    this.estimator.feedback({ type: 'transport-cc', base, arrivals }, this.now);
  }
}

describe('one camera through a bottleneck', () => {
  test('a wide line: the largest picture within four seconds, and it stays', () => {
    const sim = new Sim({ bitsPerSecond: 10_000_000 });
    sim.run(4000);
    expect(sim.layer).toBe(2);
    sim.run(60_000);
    expect(sim.layers.filter(({ at }) => at > 4000)).toEqual([]);
    expect(sim.longest).toBeLessThan(60);
  });

  test('500 kbit/s: never the largest, and the queue stays short', () => {
    const sim = new Sim({ bitsPerSecond: 500_000 });
    sim.run(10_000);
    expect(sim.layer).toBe(0);
    sim.longest = 0;
    sim.run(60_000);
    expect(sim.layers.every(({ layer }) => layer < 2)).toBe(true);
    expect(sim.layer).toBe(0);
    expect(sim.estimator.rate).toBeGreaterThan(150_000);
    expect(sim.estimator.rate).toBeLessThan(650_000);
    expect(sim.longest).toBeLessThan(350);
  });

  test('losses of 5 % without a queue cost no size', () => {
    const sim = new Sim({ bitsPerSecond: 10_000_000, loss: 0.05 });
    sim.run(8000);
    expect(sim.layer).toBe(2);
    sim.run(60_000);
    expect(sim.layer).toBe(2);
    expect(sim.layers.filter(({ at }) => at > 8000).length).toBeLessThanOrEqual(2);
  });

  test('a line that narrows is followed within three seconds, and one that widens again within twenty', () => {
    const sim = new Sim({ bitsPerSecond: 8_000_000 });
    sim.run(10_000);
    expect(sim.layer).toBe(2);
    sim.line.bitsPerSecond = 700_000;
    sim.run(3000);
    expect(sim.layer).toBeLessThan(2);
    sim.run(17_000);
    sim.longest = 0;
    sim.run(5000);
    expect(sim.longest).toBeLessThan(400);
    sim.line.bitsPerSecond = 8_000_000;
    sim.run(20_000);
    expect(sim.layer).toBe(2);
  });

  test('a peer that never answers is left as it began', () => {
    const sim = new Sim({ bitsPerSecond: 10_000_000, loss: 1 });
    sim.run(20_000);
    expect(sim.estimator.alive).toBe(false);
    expect(sim.estimator.rate).toBe(600_000);
  });

  test('a peer that speaks of packets which it was never sent takes no part', () => {
    const estimator = new BandwidthEstimator();
    estimator.feedback({ type: 'transport-cc', base: 7, arrivals: Float64Array.of(1, 2, 3) }, 10);
    expect(estimator.alive).toBe(false);
    estimator.sent(7, 100, 20);
    estimator.feedback({ type: 'transport-cc', base: 7, arrivals: Float64Array.of(50) }, 60);
    expect(estimator.alive).toBe(true);
  });
});

describe('the shares', () => {
  const camera = (over: Partial<Claim> = {}): Claim => ({
    costs: LAYERS,
    wanted: 2,
    priority: 0,
    current: -1,
    ...over,
  });

  test.each([
    [10_000_000, [2, 2]],
    [2_500_000, [2, 1]],
    [1_200_000, [1, 1]],
    [700_000, [0, 0]],
    [320_000, [0, 0]],
    [200_000, [0, -1]],
    [100_000, [-1, -1]],
  ])('%d bit/s for two cameras: %j', (budget, layers) => {
    expect(allocate([camera(), camera()], budget)).toEqual(layers);
  });

  test('priority first, and no more than is wanted', () => {
    expect(allocate([camera(), camera({ priority: 2 })], 200_000)).toEqual([-1, 0]);
    expect(allocate([camera({ wanted: 0 }), camera()], 2_500_000)).toEqual([0, 2]);
  });

  test('what it has it keeps without headroom, and the smallest for a while longer', () => {
    expect(allocate([camera({ current: 1 })], 500_000)).toEqual([1]);
    expect(allocate([camera({ current: 0 })], 500_000)).toEqual([0]);
    expect(allocate([camera({ current: 0 })], 110_000)).toEqual([0]);
    expect(allocate([camera({ current: 0 })], 100_000)).toEqual([-1]);
  });

  test('layers that are off are passed over; what nobody measured yet goes through', () => {
    expect(allocate([camera({ costs: [0, 500_000, 0] })], 600_000)).toEqual([1]);
    expect(allocate([camera({ costs: [150_000, 0, 1_700_000] })], 5_000_000)).toEqual([2]);
    expect(allocate([camera({ costs: [0, 0, 0] })], 50_000)).toEqual([2]);
  });
});
