import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { openUdp } from '../../../src/adapters/udp/udp.ts';
import { newIceCredentials } from '../../../src/ice/credentials.ts';
import { dtlsEngines } from '../../support/dtls-engines.ts';
import { FakeBrowser, type HostUnderTest, startHost, until } from '../../support/fake-browser.ts';
import { connectedPublisher } from './publisher.ts';

describe.each(dtlsEngines)('DTLS by %s', (engine) => {
  let under: HostUnderTest;
  const sockets: { close(): void }[] = [];

  beforeEach(async () => {
    under = await startHost(engine);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
    under.stop();
  });

  test('T2: checks that are not authenticated get no answer and leave nothing behind', async () => {
    const local = newIceCredentials(systemRandom);
    under.host.open('TP_1', local);
    const browser = await FakeBrowser.open(under.host.port);
    sockets.push(browser);
    under.host.remote('TP_1', browser.ice, [browser.certificate.fingerprint]);
    const noIntegrity = browser.checkBytes(local).slice(0, -32);
    noIntegrity[3] = noIntegrity.length - 20;
    const forgeries = [
      browser.checkBytes({ ufrag: local.ufrag, pwd: 'x'.repeat(24) }),
      browser.checkBytes({ ufrag: 'nobodyhere00', pwd: local.pwd }),
      browser.checkBytes(local, 'someoneelse'),
      noIntegrity,
      Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    ];
    let answers = 0;
    for (let i = 0; i < 50; i++) {
      const stranger = await openUdp({ address: '127.0.0.1', port: 0 });
      sockets.push(stranger);
      stranger.onDatagram = () => answers++;
      for (const forgery of forgeries) stranger.send(forgery, under.host.port, '127.0.0.1');
    }
    // The real peer gets in all the same; its answer comes behind all those that would have been answered.
    await browser.check(local);
    expect(answers).toBe(0);
    expect(under.host.gauges()).toMatchObject({ addresses: 1, ufrags: 1 });
    under.host.stop();
    expect(under.dropped('wrong-integrity')).toBe(50);
    expect(under.dropped('unknown-ufrag')).toBe(50);
    expect(under.dropped('wrong-remote-ufrag')).toBe(50);
    expect(under.dropped('no-integrity')).toBe(50);
    expect(under.dropped('no-check')).toBe(50);
  });

  describe.each([7, 1] as const)('with SRTP profile %i', (profile) => {
    async function publishing(): Promise<FakeBrowser> {
      const browser = await connectedPublisher(under, { srtpProfiles: [profile] });
      sockets.push(browser);
      return browser;
    }

    test('T4: a burst loss of 300 packets across the wrap of the sequence number', async () => {
      const browser = await publishing();
      const realSend = browser.send.bind(browser);
      let sent = 0;
      for (let index = 65536 - 300; index < 65536 + 300; index++) {
        const lost = index >= 65536 - 150 && index < 65536 + 150;
        browser.send = lost ? () => {} : realSend;
        browser.sendRtp({
          ssrc: 9,
          sequence: index & 0xffff,
          timestamp: index * 960,
          payloadType: 111,
          payload: Uint8Array.of(1, 2),
        });
        if (!lost) sent++;
        if (index % 50 === 0) await until(() => under.packets.length === sent, 'arrival');
      }
      await until(() => under.packets.length === 300, 'all 300 that were sent');
    });

    test('T5: an SRTP or SRTCP packet is taken once, however often it comes', async () => {
      const browser = await publishing();
      for (let sequence = 0; sequence < 5; sequence++) {
        browser.sendRtp({ ssrc: 9, sequence, timestamp: 0, payloadType: 111, payload: Uint8Array.of(1) });
      }
      browser.sendRtcp(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 9));
      for (let turn = 0; turn < 3; turn++) for (const sealed of browser.sealedOut) browser.send(sealed);
      browser.sendRtp({ ssrc: 9, sequence: 5, timestamp: 0, payloadType: 111, payload: Uint8Array.of(1) });
      await until(() => under.packets.length === 6, 'six packets');
      expect(under.packets.map((packet) => packet.sequence)).toEqual([0, 1, 2, 3, 4, 5]);
      under.host.stop();
      expect(under.dropped('replayed')).toBe(18);
    });

    test('media from an address that sent no check is not looked at', async () => {
      const browser = await publishing();
      const stranger = await openUdp({ address: '127.0.0.1', port: 0 });
      sockets.push(stranger);
      const realSend = browser.send.bind(browser);
      browser.send = (bytes) => stranger.send(bytes, under.host.port, '127.0.0.1');
      browser.sendRtp({ ssrc: 9, sequence: 1, timestamp: 0, payloadType: 111, payload: Uint8Array.of(1) });
      browser.send = realSend;
      browser.sendRtp({ ssrc: 9, sequence: 2, timestamp: 0, payloadType: 111, payload: Uint8Array.of(1) });
      await until(() => under.packets.length === 1, 'the second packet');
      expect(under.packets[0]!.sequence).toBe(2);
    });
  });
});
