import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { type IceCredentials, newIceCredentials } from '../../src/ice/credentials.ts';
import { findExtension, parseRtp, RtpView } from '../../src/rtp/packet.ts';
import { parseRtcp } from '../../src/rtp/rtcp/parse.ts';
import { RtcpWriter } from '../../src/rtp/rtcp/write.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';
import { FakeBrowser, type HostUnderTest, startHost, until } from '../support/fake-browser.ts';
import { NOTHING_OPEN } from '../unit/media-transport/world.ts';

const opus = { mime: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 111, fmtp: '' };
const pcma = { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' };
const extensions = { mid: 4, audioLevel: 1, absSendTime: 0, transportCc: 0 };

describe.each(dtlsEngines)('DTLS by %s', (engine) => {
  let under: HostUnderTest;
  const browsers: FakeBrowser[] = [];
  /** The host's end of each. */
  const credentials = new Map<FakeBrowser, IceCredentials>();

  beforeEach(async () => {
    under = await startHost(engine);
  });
  afterEach(() => {
    for (const browser of browsers.splice(0)) browser.close();
    credentials.clear();
    under.stop();
  });

  async function joined(id: string, srtpProfiles: (1 | 7)[] = [7, 1]): Promise<FakeBrowser> {
    const local = newIceCredentials(systemRandom);
    under.host.open(id, local);
    const browser = await FakeBrowser.open(under.host.port, { srtpProfiles });
    browsers.push(browser);
    credentials.set(browser, local);
    under.host.remote(id, browser.ice, [browser.certificate.fingerprint]);
    await browser.connect(local);
    await until(
      () => under.events.find((e) => e.type === 'transport.connected' && e.transport === id),
      'connected',
    );
    return browser;
  }

  /** The host has read all that the browser sent so far. */
  async function caughtUp(browser: FakeBrowser): Promise<void> {
    const answers = browser.stun.length;
    browser.send(browser.checkBytes(credentials.get(browser)!));
    await until(() => browser.stun.length > answers, 'an answer');
  }

  /** The host takes Alice's voice, from `TP_a`, but for what is said otherwise. */
  function receives(other: Partial<Parameters<HostUnderTest['host']['openReceiver']>[0]> = {}): void {
    const usual = { transport: 'TP_a', track: 'TR_a', mid: '0', ssrcs: [], codecs: [opus], extensions };
    under.host.openReceiver({ kind: 'audio', ...usual, ...other });
  }

  /** The host sends it to Bob, at `TP_b`, but for what is said otherwise. */
  function sends(other: Partial<Parameters<HostUnderTest['host']['openSender']>[0]> = {}): void {
    const usual = { sender: 'SN_1', transport: 'TP_b', track: 'TR_a', mid: '0', ssrc: 5, cname: 'a' };
    under.host.openSender({ kind: 'audio', codecs: [opus], extensions, ...usual, ...other });
  }

  function parsed(bytes: Uint8Array): RtpView {
    const view = new RtpView();
    expect(parseRtp(bytes, bytes.length, view)).toBeUndefined();
    return view;
  }

  describe.each([[[7, 1]], [[1]]] as [(1 | 7)[]][])('with SRTP profiles %j', (srtpProfiles) => {
    test('what one browser publishes another hears, with its own SSRC, mid and level', async () => {
      const alice = await joined('TP_a', srtpProfiles);
      const bob = await joined('TP_b', srtpProfiles);
      receives();
      sends({
        mid: '7',
        ssrc: 4711,
        cname: 'alice',
        codecs: [{ ...opus, payloadType: 96 }, pcma],
        extensions: { ...extensions, mid: 3, audioLevel: 5 },
      });
      // mid "0" in element 4, level 33 in element 1.
      const extension = Uint8Array.of(0xbe, 0xde, 0, 1, 0x40, 0x30, 0x10, 33);
      for (let i = 0; i < 20; i++) {
        const payload = Uint8Array.of(i, 1, 2, 3);
        alice.sendRtp({
          ssrc: 99,
          sequence: (65530 + i) & 0xffff,
          timestamp: i * 960,
          payloadType: 111,
          payload,
          extension,
        });
      }
      await until(() => bob.rtp.length === 20, '20 packets');
      expect(under.packets.map((packet) => packet.level)).toEqual(new Array(20).fill(33));
      const views = bob.rtp.map(parsed);
      for (const [i, view] of views.entries()) {
        expect(view).toMatchObject({ ssrc: 4711, payloadType: 96 });
        expect(view.sequence).toBe((views[0]!.sequence + i) & 0xffff);
        expect((view.timestamp - views[0]!.timestamp) >>> 0).toBe(i * 960);
        expect([...view.payload]).toEqual([i, 1, 2, 3]);
        const level = findExtension(view, 5);
        expect(view.bytes[level >> 8]! & 0x7f).toBe(33);
        const mid = findExtension(view, 3);
        expect(view.bytes[mid >> 8]).toBe(0x37);
      }
      expect(under.host.takeCounts()).toEqual({ rtpFromBrowsers: 20, rtpToBrowsers: 20 });
    });
  });

  test('a phone track goes out as PCMA, is repeated on NACK byte for byte, and sender reports name it', async () => {
    const bob = await joined('TP_b');
    sends({ track: 'TR_phone', cname: 'phone', codecs: [opus, pcma] });
    const raw: Uint8Array[] = [];
    const receive = bob.socket.onDatagram;
    bob.socket.onDatagram = (datagram, address, port) => {
      if (datagram[0]! >> 6 === 2 && datagram[1]! < 192) raw.push(Uint8Array.from(datagram));
      receive(datagram, address, port);
    };
    const bytes = new Uint8Array(172).fill(0xd5);
    const view = new RtpView();
    const speak = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        bytes.set([0x80, 8, 0, i, 0, 0, 0, i, 0, 0, 0, 1]);
        parseRtp(bytes, 172, view);
        view.level = 20;
        expect(under.host.forward('TR_phone', view, 'audio/pcma', performance.now())).toBe(1);
      }
    };
    speak(0, 5);
    await until(() => bob.rtp.length === 5, '5 packets');
    expect(parsed(bob.rtp[3]!)).toMatchObject({ payloadType: 8, ssrc: 5 });
    const ask = (sequence: number): void => {
      const writer = new RtcpWriter(new Uint8Array(200));
      writer.receiverReport(77, []);
      writer.nack(77, 5, [sequence]);
      bob.sendRtcp(writer.bytes.slice(0, writer.length));
    };
    // From the first time that it asks packets are kept for it.
    ask(parsed(bob.rtp[3]!).sequence);
    await caughtUp(bob);
    speak(5, 10);
    await until(() => bob.rtp.length === 10, '10 packets');
    ask(parsed(bob.rtp[8]!).sequence);
    await until(() => raw.length === 11, 'the repetition');
    expect(raw[10]).toEqual(raw[8]);

    const report = await until(() => bob.rtcp[0], 'a sender report');
    const packets = parseRtcp(report, report.length);
    expect(packets).toMatchObject({
      ok: true,
      value: [
        { type: 'sr', ssrc: 5, packets: 10, octets: 1600 },
        { type: 'sdes', cnames: [{ ssrc: 5, cname: 'phone' }] },
      ],
    });
  });

  test('gaps are asked for, and reception is reported', async () => {
    const alice = await joined('TP_a');
    receives({ ssrcs: [99] });
    for (const sequence of [1, 2, 5, 6]) {
      alice.sendRtp({
        ssrc: 99,
        sequence,
        timestamp: sequence * 960,
        payloadType: 111,
        payload: Uint8Array.of(1),
      });
    }
    const packets = await until(() => {
      const all = alice.rtcp.flatMap((bytes) => {
        const result = parseRtcp(bytes, bytes.length);
        return result.ok ? result.value : [];
      });
      return all.some((p) => p.type === 'rr' && p.reports.length > 0) && all;
    }, 'a receiver report');
    expect(packets.find((packet) => packet.type === 'nack')).toMatchObject({ media: 99, sequences: [3, 4] });
    expect(packets.find((p) => p.type === 'rr' && p.reports.length > 0)).toMatchObject({
      reports: [{ ssrc: 99, lost: 2, highestSequence: 6 }],
    });
  });

  test('muted receivers and senders are silent, and the stream goes on without a gap', async () => {
    const alice = await joined('TP_a');
    const bob = await joined('TP_b');
    receives({ ssrcs: [99] });
    sends();
    let sequence = 0;
    const send = async (count: number): Promise<void> => {
      const before = under.host.gauges();
      for (let i = 0; i < count; i++, sequence++) {
        alice.sendRtp({
          ssrc: 99,
          sequence,
          timestamp: sequence * 960,
          payloadType: 111,
          payload: Uint8Array.of(1),
        });
      }
      expect(before.senders).toBe(1);
      let received = 0;
      await until(() => {
        received += under.host.takeCounts().rtpFromBrowsers;
        return received === count;
      }, 'arrival');
    };
    await send(3);
    under.host.muteReceiver('TR_a', true);
    await send(3);
    under.host.muteReceiver('TR_a', false);
    await send(3);
    under.host.muteSender('SN_1', true);
    await send(3);
    under.host.muteSender('SN_1', false);
    await send(3);
    await until(() => bob.rtp.length === 9, '9 packets');
    const numbers = bob.rtp.map((bytes) => parsed(bytes).sequence);
    expect(numbers.map((n) => (n - numbers[0]!) & 0xffff)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(under.packets.length).toBe(12);
  });

  test('DTLS that starts before the description is known is held and replayed', async () => {
    const local = newIceCredentials(systemRandom);
    under.host.open('TP_a', local);
    const browser = await FakeBrowser.open(under.host.port);
    browsers.push(browser);
    await browser.check(local);
    browser.client.connect().catch(() => {});
    await until(() => browser.dtlsOut.length > 0, 'the ClientHello');
    expect(browser.opener).toBeUndefined();
    // What is held is bounded; the first are kept.
    for (let i = 0; i < 30; i++) browser.send(browser.dtlsOut[0]!);
    await browser.check(local);
    under.host.remote('TP_a', browser.ice, [browser.certificate.fingerprint]);
    await until(() => browser.opener, 'keys');
    under.host.stop();
    expect(under.dropped('held-too-many')).toBeGreaterThanOrEqual(15);
  });

  test('a wrong fingerprint is rejected with a reason, and no keys are used', async () => {
    const local = newIceCredentials(systemRandom);
    under.host.open('TP_a', local);
    const browser = await FakeBrowser.open(under.host.port);
    const other = await FakeBrowser.open(under.host.port);
    browsers.push(browser, other);
    under.host.remote('TP_a', browser.ice, [other.certificate.fingerprint]);
    await browser.check(local);
    browser.client.connect().catch(() => {});
    await until(() => under.events.find((event) => event.type === 'transport.failed'), 'the failure');
    expect(under.events).toContainEqual({
      type: 'transport.failed',
      transport: 'TP_a',
      reason: 'dtls-fingerprint',
    });
    expect(under.events.some((event) => event.type === 'transport.connected')).toBe(false);
  });

  test('closing says close_notify and leaves nothing', async () => {
    const alice = await joined('TP_a');
    receives();
    sends({ transport: 'TP_a', track: 'TR_x', mid: '1' });
    under.host.close('TP_a');
    await until(() => alice.closedByServer, 'close_notify');
    expect(under.host.gauges()).toEqual(NOTHING_OPEN);
    // Only the host's own once-a-second alarm is left.
    expect(under.alarms.size).toBe(1);
  });

  test('an ICE restart moves the call to another socket, without a new handshake', async () => {
    const alice = await joined('TP_a');
    sends({ transport: 'TP_a', track: 'TR_p', mid: '1', codecs: [pcma] });
    const local = newIceCredentials(systemRandom);
    under.host.restart('TP_a', local);
    const moved = await FakeBrowser.open(under.host.port);
    browsers.push(moved);
    moved.opener = alice.opener;
    under.host.remote('TP_a', moved.ice, [alice.certificate.fingerprint]);
    await moved.check(local);
    const view = new RtpView();
    const bytes = new Uint8Array(172).fill(0xd5);
    bytes.set([0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    parseRtp(bytes, 172, view);
    under.host.forward('TR_p', view, 'audio/pcma', performance.now());
    await until(() => moved.rtp.length === 1, 'media at the new address');
    expect(under.events.find((event) => event.type === 'transport.path')).toMatchObject({
      path: { remote: `127.0.0.1:${moved.socket.local.port}`, relayed: false },
    });
    expect(under.host.gauges().ufrags).toBe(1);
  });
});
