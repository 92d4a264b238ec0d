/** Who answers our ClientHello and is not the phone: where we begin the handshake, as the client. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { DtlsServer } from 'werift';
import { driveAlarms, monotonicClock, rethrow } from '../../../src/adapters/clock/clock.ts';
import { createCertificate, type DtlsCertificate } from '../../../src/adapters/dtls-werift/certificate.ts';
import { loadAddon } from '../../../src/adapters/native/addon.ts';
import { openDtlsEngine } from '../../../src/app/dtls.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { DtlsEngine, DtlsEvent, DtlsSession } from '../../../src/media/dtls-port.ts';
import { dtlsEngines } from '../../support/dtls-engines.ts';

interface ServerOptions {
  /** Whose certificate it shows; its own where it is not said. */
  readonly shows?: DtlsCertificate;
  readonly srtpProfiles?: (1 | 7)[];
  /** What it sends in place of each datagram. */
  readonly mangle?: (datagram: Buffer) => readonly Uint8Array[];
}

const alarms = new WakeQueue();
let stop: () => void;
beforeAll(() => {
  stop = driveAlarms(alarms, monotonicClock, rethrow);
});
afterAll(() => stop());

describe.each(dtlsEngines)('DTLS by %s, as the client', (name) => {
  let engine: DtlsEngine;
  let own: DtlsCertificate;
  beforeAll(async () => {
    engine = await openDtlsEngine(name, loadAddon(), monotonicClock, alarms);
    own = await createCertificate();
  });

  /** A client of the engine that expects `own`, and a server of werift's; nothing is said yet. */
  function facing({ shows = own, srtpProfiles = [7, 1], mangle }: ServerOptions = {}) {
    const events: DtlsEvent[] = [];
    const said: Uint8Array[] = [];
    const transport = {
      type: 'udp',
      address: { address: '0.0.0.0', family: 'IPv4' as const, port: 0 },
      closed: false,
      onData: (_data: Buffer, _from: readonly [string, number]) => {},
      send: (datagram: Buffer) => {
        for (const one of mangle?.(datagram) ?? [datagram]) queueMicrotask(() => session.receive(one));
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    const server = new DtlsServer({
      ...{ cert: shows.certPem, key: own.keyPem, signatureHash: own.signatureHash },
      ...{ transport, srtpProfiles, extendedMasterSecret: true, certificateRequest: true },
    });
    const session: DtlsSession = engine.open({
      send: (datagram) => {
        said.push(datagram);
        queueMicrotask(() => transport.onData(Buffer.from(datagram), ['0.0.0.0', 0]));
      },
      onEvent: (event) => void events.push(event),
    });
    session.begin();
    const outcome = () =>
      vi.waitFor(
        () => {
          const last = events.find(({ type }) => type === 'connected' || type === 'rejected');
          if (last === undefined) throw new Error(`only ${JSON.stringify(events)}`);
          return last;
        },
        { timeout: 10_000 },
      );
    return { session, server, events, said, outcome };
  }

  test('says nothing before it knows whom to expect, and then gets through to the true one', async () => {
    const { session, said, outcome, server } = facing();
    await Promise.resolve();
    expect(said).toEqual([]);
    session.expect([own.fingerprint]);
    expect(await outcome()).toMatchObject({ type: 'connected', profile: 'AEAD_AES_128_GCM' });
    // It showed us its own certificate when it was asked to.
    await vi.waitFor(() => expect(server.remoteCertificate).toBeDefined());
    session.close();
  });

  test('another certificate is refused', async () => {
    const { session, outcome } = facing();
    session.expect([(await createCertificate()).fingerprint]);
    expect(await outcome()).toEqual({ type: 'rejected', reason: 'fingerprint' });
  });

  test('the phone’s certificate without its key is refused', async () => {
    const stolen = await createCertificate();
    const { session, outcome } = facing({ shows: stolen });
    session.expect([stolen.fingerprint]);
    expect(await outcome()).toEqual({ type: 'rejected', reason: 'certificate-verify' });
  });

  test('who has seen another handshake is refused', async () => {
    const { session, outcome, server } = facing();
    server.cipher.verifyData = () => Buffer.alloc(12, 1);
    session.expect([own.fingerprint]);
    expect(await outcome()).toEqual({ type: 'rejected', reason: 'finished' });
  });

  test('who agrees to no SRTP is refused', async () => {
    const { session, outcome } = facing({ srtpProfiles: [] });
    session.expect([own.fingerprint]);
    expect(await outcome()).toEqual({ type: 'rejected', reason: 'no-srtp-profile' });
  });

  test('alerts in the clear, stray messages and rubbish cost nothing, before and behind', async () => {
    const { session, events, outcome } = facing({ mangle: (datagram) => [...NONSENSE, datagram] });
    session.expect([own.fingerprint]);
    for (const one of NONSENSE) session.receive(one);
    expect((await outcome()).type).toBe('connected');
    const before = events.length;
    for (const one of NONSENSE) session.receive(one);
    expect(events.slice(before).every(({ type }) => type === 'dropped')).toBe(true);
    session.close();
  });
});

function record(contentType: number, epoch: number, ...fragment: number[]): Uint8Array {
  return Uint8Array.of(contentType, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, fragment.length, ...fragment);
}

const NONSENSE: readonly Uint8Array[] = [
  Uint8Array.of(22),
  Uint8Array.of(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1),
  // A fatal alert, and close_notify.
  record(21, 0, 2, 40),
  record(21, 0, 1, 0),
  record(21, 1, 2, 40),
  // A fragment that claims more than its message has, and data under no keys.
  record(22, 0, 2, 0, 0, 4, 0, 0, 0, 0, 4, 0, 0, 1, 9),
  record(23, 0, 1, 2, 3),
  record(23, 1, ...new Array<number>(40).fill(7)),
  record(22, 1, ...new Array<number>(40).fill(7)),
];
