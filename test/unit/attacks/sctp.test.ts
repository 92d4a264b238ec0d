import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { isSoundSctp } from '../../../src/adapters/dtls-werift/sctp-guard.ts';
import { type IceCredentials, newIceCredentials } from '../../../src/ice/credentials.ts';
import { dtlsEngines } from '../../support/dtls-engines.ts';
import { FakeBrowser, type HostUnderTest, startHost, until } from '../../support/fake-browser.ts';
import { sctpPacket } from '../../support/sctp-packets.ts';

describe.each(dtlsEngines)('DTLS by %s', (engine) => {
  let under: HostUnderTest;
  let browser: FakeBrowser;
  let local: IceCredentials;
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => {
    rejections.push(reason);
  };

  beforeEach(async () => {
    under = await startHost(engine);
    process.on('unhandledRejection', onRejection);
    local = newIceCredentials(systemRandom);
    under.host.open('TP_1', local);
    browser = await FakeBrowser.open(under.host.port);
    under.host.remote('TP_1', browser.ice, [browser.certificate.fingerprint]);
    await browser.connect(local);
    await until(() => under.events.some((event) => event.type === 'transport.connected'), 'connected');
  });
  afterEach(() => {
    browser.close();
    under.stop();
    process.off('unhandledRejection', onRejection);
    expect(rejections.splice(0)).toEqual([]);
  });

  const init = Uint8Array.of(1, 0, 0, 20, 0, 0, 0, 9, 0, 1, 0, 0, 0, 8, 0, 8, 0, 0, 0, 1);

  test('packets that would stall or kill werift are dropped, and the call goes on', async () => {
    const hostile = [
      sctpPacket(0, Uint8Array.of(1, 0, 0, 0)),
      sctpPacket(0, Uint8Array.of(77, 0, 0, 4)),
      sctpPacket(0, init, init),
      sctpPacket(0, Uint8Array.of(...init.slice(0, 3), 24, ...init.slice(4), 0x80, 8, 0, 0)),
      sctpPacket(0, Uint8Array.of(3, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff)),
      Buffer.from([1, 2, 3]),
      Buffer.alloc(40, 0x55),
    ];
    // werift's client counts its records anew after the Finished: OpenSSL drops the one that has the Finished's number.
    for (let i = 0; i < 8; i++) await browser.client.send(sctpPacket(0, init));
    for (const bytes of hostile) await browser.client.send(bytes);
    await browser.client.send(sctpPacket(0, init));
    let answer: Uint8Array | undefined;
    browser.client.onData.subscribe((data) => {
      answer = data;
    });
    await browser.client.send(sctpPacket(0, init));
    // An INIT ACK: SCTP still works.
    expect((await until(() => answer, 'the INIT ACK'))[12]).toBe(2);
    under.host.stop();
    expect(under.dropped('data')).toBe(hostile.length);
  });

  test('whatever an established peer sends, nothing throws and nothing is left hanging', async () => {
    const answers: Buffer[] = [];
    browser.client.onData.subscribe((data) => {
      answers.push(data);
    });
    await browser.client.send(sctpPacket(0, init));
    const ack = await until(() => answers[0], 'the INIT ACK');
    const tag = ack.readUInt32BE(16);
    // The state cookie is the last parameter of the INIT ACK: type 7, 4 + 24 bytes.
    const cookie = ack.subarray(ack.indexOf(Buffer.from([0, 7, 0, 28])) + 4).subarray(0, 24);
    await browser.client.send(sctpPacket(tag, Uint8Array.of(10, 0, 0, 28, ...cookie)));
    await until(() => answers.some((answer) => answer[12] === 11), 'the COOKIE ACK');
    const data = fc
      .record({
        flags: fc.integer({ min: 0, max: 7 }),
        tsn: fc.integer({ min: 0, max: 40 }),
        stream: fc.integer({ min: 0, max: 70 }),
        sequence: fc.integer({ min: 0, max: 5 }),
        protocol: fc.constantFrom(50, 51, 53, 56, 57, 99),
        body: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      })
      .map(({ flags, tsn, stream, sequence, protocol, body }) =>
        padded(0, flags, [0, 0, 0, tsn, 0, stream, 0, sequence, 0, 0, 0, protocol, ...body]),
      );
    const other = fc
      .tuple(fc.constantFrom(3, 4, 5, 9, 10, 11, 130, 192, 2), fc.uint8Array({ maxLength: 40 }))
      .map(([type, body]) => padded(type, 0, [...body]));
    const packets = fc.sample(fc.array(fc.oneof(data, other), { minLength: 1, maxLength: 3 }), {
      numRuns: 1500,
      seed: 7,
    });
    for (const [i, chunks] of packets.entries()) {
      await browser.client.send(sctpPacket(tag, ...chunks));
      // Not faster than both sockets are read.
      if (i % 100 === 99) await browser.check(local);
    }
    // The association lives: its DTLS close is still understood.
    under.host.close('TP_1');
    await until(() => browser.closedByServer, 'close_notify');
  });

  function padded(type: number, flags: number, body: readonly number[]): Uint8Array {
    const bytes = new Uint8Array((4 + body.length + 3) & ~3);
    bytes.set([type, flags, 0, 4 + body.length, ...body]);
    return bytes;
  }

  test('no packet makes the guard throw, and what it lets pass has only whole chunks', () => {
    const chunk = fc
      .tuple(
        fc.constantFrom(0, 1, 2, 3, 4, 6, 9, 10, 130, 192, 7),
        fc.integer({ min: 0, max: 60 }),
        fc.uint8Array({ maxLength: 60 }),
      )
      .map(([type, length, body]) => Uint8Array.of(type, 0, 0, length, ...body));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 4 }), (chunks) => {
        const bytes = sctpPacket(1, ...chunks);
        if (!isSoundSctp(bytes)) return;
        let at = 12;
        while (at < bytes.length) {
          const length = bytes.readUInt16BE(at + 2);
          expect(length).toBeGreaterThanOrEqual(4);
          at += (length + 3) & ~3;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
