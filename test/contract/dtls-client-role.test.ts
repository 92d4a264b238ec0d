import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { driveAlarms, monotonicClock, rethrow } from '../../src/adapters/clock/clock.ts';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { openDtlsEngine } from '../../src/app/dtls.ts';
import { hex } from '../../src/base/bytes.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import type { DtlsEngine, DtlsEvent, DtlsSession } from '../../src/media/dtls-port.ts';
import type { SrtpMaster } from '../../src/rtp/srtp/key-derivation.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';

/** One end of an association, and what it told. */
interface End {
  readonly session: DtlsSession;
  readonly events: DtlsEvent[];
}

type Connected = Extract<DtlsEvent, { type: 'connected' }>;

const alarms = new WakeQueue();
let stop: () => void;
beforeAll(() => {
  stop = driveAlarms(alarms, monotonicClock, rethrow);
});
afterAll(() => stop());

const openEngine = (name: 'openssl' | 'werift') => openDtlsEngine(name, loadAddon(), monotonicClock, alarms);

function keysOf({ events }: End): Connected | undefined {
  return events.find((event): event is Connected => event.type === 'connected');
}

/** Whether both ends are connected, the one sending with what the other receives by. */
function agree(one: End, other: End): boolean {
  const [a, b] = [keysOf(one), keysOf(other)];
  if (a === undefined || b === undefined) return false;
  expect(text(a.local)).toBe(text(b.remote));
  expect(text(a.remote)).toBe(text(b.local));
  expect(text(a.local)).not.toBe(text(a.remote));
  expect(a.profile).toBe(b.profile);
  return true;
}

function text({ key, salt }: SrtpMaster): string {
  return `${hex(key)} ${hex(salt)}`;
}

/** Joins two engines: `begins` is told to begin, and `loses` which of its datagrams never come, counted from 0. */
function joined(
  begins: DtlsEngine,
  answers: DtlsEngine,
  loses: (index: number) => boolean = () => false,
): { client: End; server: End; close(): void } {
  let sent = 0;
  const open = (engine: DtlsEngine, to: () => DtlsSession, isLost: () => boolean): End => {
    const events: DtlsEvent[] = [];
    const send = (datagram: Uint8Array): void => {
      if (!isLost()) setImmediate(() => to().receive(datagram));
    };
    return { session: engine.open({ send, onEvent: (event) => events.push(event) }), events };
  };
  const client: End = open(
    begins,
    () => server.session,
    () => loses(sent++),
  );
  const server: End = open(
    answers,
    () => client.session,
    () => false,
  );
  return {
    client,
    server,
    close: () => {
      client.session.close();
      server.session.close();
    },
  };
}

/** Peers that are `a=setup:passive`, as ffmpeg is: we have the first word. */
describe.each(dtlsEngines)('a session of %s that begins', (own) => {
  test.each(dtlsEngines)('agrees on keys with a server by %s', async (name) => {
    const [ours, theirs] = [await openEngine(own), await openEngine(name)];
    const { client, server, close } = joined(ours, theirs);
    server.session.expect([ours.fingerprint]);
    // Before it knows the peer's certificate it says nothing.
    client.session.begin();
    client.session.expect([theirs.fingerprint]);
    await vi.waitFor(() => expect(agree(client, server)).toBe(true), 10_000);
    close();
  });

  test('says its hello again when the first is lost, as ffmpeg loses it', async () => {
    const [ours, theirs] = [await openEngine(own), await openEngine(own)];
    const { client, server, close } = joined(ours, theirs, (index) => index === 0);
    server.session.expect([ours.fingerprint]);
    client.session.expect([theirs.fingerprint]);
    client.session.begin();
    client.session.begin();
    await vi.waitFor(() => expect(agree(client, server)).toBe(true), 10_000);
    close();
  });

  test('gives up a server that has another certificate', async () => {
    const [ours, theirs] = [await openEngine(own), await openEngine(own)];
    const { client, server, close } = joined(ours, theirs);
    server.session.expect([ours.fingerprint]);
    client.session.expect([ours.fingerprint]);
    client.session.begin();
    await vi.waitFor(
      () => expect(client.events).toContainEqual({ type: 'rejected', reason: 'fingerprint' }),
      10_000,
    );
    expect([keysOf(client), keysOf(server)]).toEqual([undefined, undefined]);
    close();
  });

  test('is not stopped by an alert in the clear, and begins again after nonsense', async () => {
    const [ours, theirs] = [await openEngine(own), await openEngine(own)];
    // A server that has answered one hello takes no other: this one never hears the first.
    const { client, server, close } = joined(ours, theirs, (index) => index === 0);
    client.session.expect([theirs.fingerprint]);
    client.session.begin();
    client.session.receive(Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40));
    expect(client.events).toEqual([{ type: 'dropped', reason: 'alert-in-clear' }]);
    // A ServerHello that is none.
    const nonsense = [2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1];
    client.session.receive(Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 2, 0, 14, ...nonsense));
    await vi.waitFor(() =>
      expect(client.events).toContainEqual({ type: 'dropped', reason: 'handshake-error' }),
    );
    server.session.expect([ours.fingerprint]);
    await vi.waitFor(() => expect(agree(client, server)).toBe(true), 10_000);
    close();
  });
});
