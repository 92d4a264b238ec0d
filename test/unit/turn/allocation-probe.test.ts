import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute } from '../../../src/stun/registry.ts';
import { AllocationProbe, type ProbeOutcome } from '../../../src/turn/allocation-probe.ts';
import { mintTurnCredentials } from '../../../src/turn/credentials.ts';
import type { TurnClient } from '../../../src/turn/ports.ts';
import { EPOCH, RELAY_ADDRESS, SECRET, seededRandom, TurnHarness } from './turn-harness.ts';

const CLIENT = { address: '192.0.2.50', port: 4000 };

function credentials(secret = SECRET) {
  return mintTurnCredentials({ digests, secret, identity: 'probe', unixMs: EPOCH, ttlSeconds: 600 });
}

/** A probe and our own server, with a line between them. */
function probeOf(
  harness: TurnHarness,
  secret: string = SECRET,
  line: (count: number) => boolean = () => true,
) {
  const outcomes: ProbeOutcome[] = [];
  let sent = 0;
  const waiting: Uint8Array[] = [];
  const client: TurnClient = {
    ...{ protocol: 'udp' as const, remote: CLIENT, local: CLIENT, queued: 0, congested: false },
    send: (bytes) => waiting.push(bytes.slice()),
  };
  const probe = new AllocationProbe({
    clock: { now: () => harness.now },
    timers: harness.timers,
    random: seededRandom(3),
    digests,
    ...credentials(secret),
    transport: 'datagrams',
    within: 5_000,
    send: (bytes) => {
      sent++;
      if (line(sent)) harness.server.receive(bytes, client);
    },
    done: (outcome) => outcomes.push(outcome),
  });
  const deliver = () => {
    for (let bytes = waiting.shift(); bytes !== undefined; bytes = waiting.shift()) probe.receive(bytes);
  };
  return { probe, outcomes, deliver, sent: () => sent };
}

test('a server that works gives an allocation, and gets it back', () => {
  const harness = new TurnHarness();
  const { outcomes, deliver } = probeOf(harness);
  harness.now += 30;
  deliver();
  expect(outcomes).toEqual([
    {
      kind: 'allocated',
      relayed: { address: RELAY_ADDRESS, port: harness.sockets[0]!.local.port },
      mapped: CLIENT,
      rtt: 0,
    },
  ]);
  expect(harness.server.gauges().allocations).toBe(0);
  expect(harness.timers.size).toBe(0);
});

test('a wrong secret is a refusal, and is not tried again', () => {
  const harness = new TurnHarness();
  const { outcomes, deliver, sent } = probeOf(harness, 'another secret');
  deliver();
  expect(outcomes).toMatchObject([{ kind: 'refused', code: 401 }]);
  expect(sent()).toBe(2);
});

test('what is lost is sent again, after 500 ms and then twice as long', () => {
  const harness = new TurnHarness();
  const { outcomes, deliver, sent } = probeOf(harness, SECRET, (count) => count > 2);
  const at: number[] = [];
  for (let i = 0; i < 200 && outcomes.length === 0; i++) {
    const before = sent();
    harness.now += 10;
    harness.timers.run(harness.now);
    if (sent() > before) at.push(harness.now - 1_000);
    deliver();
  }
  expect(at).toEqual([500, 1_500]);
  expect(outcomes).toMatchObject([{ kind: 'allocated' }]);
});

describe('a probe without an answer', () => {
  test('ends in time, and leaves nothing', () => {
    const timers = new WakeQueue();
    const outcomes: ProbeOutcome[] = [];
    let now = 0;
    new AllocationProbe({
      ...{ clock: { now: () => now }, timers, random: seededRandom(), digests, ...credentials() },
      ...{
        transport: 'datagrams' as const,
        within: 5_000,
        send: () => {},
        done: (one: ProbeOutcome) => outcomes.push(one),
      },
    });
    for (; now < 5_000; now += 100) timers.run(now);
    expect(outcomes).toEqual([]);
    timers.run(now);
    expect(outcomes).toEqual([{ kind: 'failed', reason: 'no-answer' }]);
    expect(timers.size).toBe(0);
  });

  test('passes over random bytes, and answers to what it has not asked', () => {
    const timers = new WakeQueue();
    const outcomes: ProbeOutcome[] = [];
    const probe = new AllocationProbe({
      ...{ clock: { now: () => 0 }, timers, random: seededRandom(), digests, ...credentials() },
      ...{
        transport: 'datagrams' as const,
        within: 5_000,
        send: () => {},
        done: (one: ProbeOutcome) => outcomes.push(one),
      },
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        probe.receive(bytes);
        expect(outcomes).toEqual([]);
      }),
    );
    probe.receive(new StunBuilder(3, 'success', new Uint8Array(12)).finish());
    expect(outcomes).toEqual([]);
  });
});

test('a success that is not signed is not believed', () => {
  const outcomes: ProbeOutcome[] = [];
  const sent: Uint8Array[] = [];
  const timers = new WakeQueue();
  const probe = new AllocationProbe({
    ...{ clock: { now: () => 0 }, timers, random: seededRandom(), digests, ...credentials() },
    ...{ transport: 'stream' as const, within: 5_000 },
    send: (bytes) => sent.push(bytes.slice()),
    done: (outcome) => outcomes.push(outcome),
  });
  const last = () => {
    const parsed = StunMessage.parse(sent.at(-1)!);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  };
  probe.receive(
    StunBuilder.reply(last(), 'error')
      .errorCode(401)
      .text(Attribute.realm, 'r')
      .text(Attribute.nonce, 'n')
      .finish(),
  );
  probe.receive(
    StunBuilder.reply(last(), 'success').xorAddress(Attribute.xorRelayedAddress, '192.0.2.1', 4).finish(),
  );
  expect(outcomes).toEqual([{ kind: 'failed', reason: 'not-signed' }]);
});

describe('a probe of a server of RFC 8489', () => {
  /** What the server says, changed on its way. */
  function probeWith(change: (bytes: Uint8Array) => Uint8Array) {
    const harness = new TurnHarness();
    const outcomes: ProbeOutcome[] = [];
    const asked: StunMessage[] = [];
    const waiting: Uint8Array[] = [];
    const client: TurnClient = {
      ...{ protocol: 'udp' as const, remote: CLIENT, local: CLIENT, queued: 0, congested: false },
      send: (bytes) => waiting.push(change(bytes.slice())),
    };
    const probe = new AllocationProbe({
      ...{ clock: { now: () => harness.now }, timers: harness.timers, random: seededRandom(3), digests },
      ...{ ...credentials(), transport: 'datagrams' as const, within: 5_000 },
      send: (bytes) => {
        const parsed = StunMessage.parse(bytes.slice());
        if (parsed.ok) asked.push(parsed.value);
        harness.server.receive(bytes, client);
      },
      done: (outcome) => outcomes.push(outcome),
    });
    for (let bytes = waiting.shift(); bytes !== undefined; bytes = waiting.shift()) probe.receive(bytes);
    return { outcomes, asked };
  }

  test('signs by SHA-256', () => {
    const { outcomes, asked } = probeWith((bytes) => bytes);
    expect(outcomes).toMatchObject([{ kind: 'allocated' }]);
    expect(asked[1]!.has(Attribute.messageIntegritySha256)).toBe(true);
    expect(asked[1]!.has(Attribute.messageIntegrity)).toBe(false);
    expect(asked[1]!.attribute(Attribute.passwordAlgorithm)).toEqual(Uint8Array.of(0, 2, 0, 0));
  });

  test('goes no further when the offer was taken away', () => {
    const { outcomes, asked } = probeWith((bytes) => {
      const at = bytes.findIndex((byte, i) => byte === 0x80 && bytes[i + 1] === 0x02 && bytes[i + 3] === 8);
      if (at > 0) bytes[at + 1] = 0x7f;
      return bytes;
    });
    expect(outcomes).toEqual([{ kind: 'failed', reason: 'bid-down' }]);
    expect(asked).toHaveLength(1);
  });
});
