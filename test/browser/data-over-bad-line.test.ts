import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { fromUtf8, utf8 } from '../../src/base/bytes.ts';
import type { DatagramSocket } from '../../src/base/net.ts';
import { newIceCredentials } from '../../src/ice/credentials.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';
import { type HostUnderTest, startHost, until } from '../support/fake-browser.ts';
import { SeededRandom } from '../support/lossy-net.ts';

/** DTLS records with application data: all else comes through, for it is SCTP that is looked at. */
const APPLICATION_DATA = 23;

/** Loses of the data that comes and goes the fraction that `loss` says. */
function losing(socket: DatagramSocket, loss: () => number): DatagramSocket {
  const random = new SeededRandom(11);
  const isLost = (bytes: Uint8Array) => bytes[0] === APPLICATION_DATA && random.fraction() < loss();
  return {
    local: socket.local,
    get queued() {
      return socket.queued;
    },
    get onDatagram() {
      return socket.onDatagram;
    },
    set onDatagram(receive) {
      socket.onDatagram = (bytes, ...from) => {
        if (!isLost(bytes)) receive(bytes, ...from);
      };
    },
    send: (bytes, port, address) => {
      if (!isLost(bytes)) socket.send(bytes, port, address);
    },
    close: () => socket.close(),
  };
}

/** Opens `_reliable`, takes `_lossy` from the other side, counts what comes, and says numbers on both when told to. */
const peerScript = `(async () => {
  const pc = new RTCPeerConnection();
  window.pc = pc;
  window.heard = { _reliable: [], _lossy: [] };
  window.channels = {};
  const use = (channel) => {
    channels[channel.label] = channel;
    channel.onmessage = ({ data }) => heard[channel.label].push(Number(new TextDecoder().decode(data)));
    channel.binaryType = 'arraybuffer';
  };
  use(pc.createDataChannel('_reliable'));
  pc.ondatachannel = ({ channel }) => use(channel);
  window.speak = () => {
    let i = 0;
    const timer = setInterval(() => {
      for (const label of ['_reliable', '_lossy']) channels[label].send(new TextEncoder().encode(String(i)));
      if (++i === 200) clearInterval(timer);
    }, 20);
  };
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
})()`;

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.each(dtlsEngines)('data channels over a line that loses, DTLS by %s', (engine) => {
  let browser: Browser;
  let page: Page;
  let under: HostUnderTest;
  let loss = 0;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--allow-loopback-in-peer-connection',
        '--disable-features=WebRtcHideLocalIpsWithMdns',
      ],
    });
    page = await browser.newPage();
  });
  afterAll(() => browser.close());
  afterEach(() => under.stop());

  async function connect(): Promise<void> {
    under = await startHost(
      engine,
      () => false,
      (socket) => losing(socket, () => loss),
    );
    const { host } = under;
    const offer = await page.evaluate<string>(peerScript);
    const said = (name: string) => new RegExp(`^a=${name}:(.*)$`, 'm').exec(offer)![1]!.trim();
    const local = newIceCredentials(systemRandom);
    host.open('TP_1', local);
    host.remote('TP_1', { ufrag: said('ice-ufrag'), pwd: said('ice-pwd') }, [
      { algorithm: 'sha-256', value: said('fingerprint').split(' ')[1]! },
    ]);
    const { fingerprint, port } = { fingerprint: host.fingerprint, port: host.port };
    const answer = [
      ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=ice-lite'],
      ...['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0', 'a=mid:0'],
      ...[`a=ice-ufrag:${local.ufrag}`, `a=ice-pwd:${local.pwd}`, 'a=setup:passive'],
      `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
      `a=candidate:1 1 udp 2130706431 127.0.0.1 ${port} typ host`,
      ...['a=sctp-port:5000', 'a=max-message-size:65536', ''],
    ].join('\r\n');
    await page.evaluate(`pc.setRemoteDescription({ type: 'answer', sdp: ${JSON.stringify(answer)} })`);
    await until(() => under.events.find((event) => event.type === 'data.opened'), 'the channel');
    host.sendData('TP_1', '_lossy', utf8('-1'));
    await page.waitForFunction('heard._lossy.length > 0');
  }

  test('lossy ones are lost, reliable ones all come in order, and nothing waits for long', async () => {
    loss = 0;
    await connect();
    expect(await page.evaluate('[channels._lossy.ordered, channels._lossy.maxRetransmits]')).toEqual([
      false,
      0,
    ]);
    loss = 0.15;
    await page.evaluate('heard._lossy.length = 0; speak()');
    for (let i = 0; i < 200; i++) {
      for (const label of ['_reliable', '_lossy'] as const) under.host.sendData('TP_1', label, utf8(`${i}`));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await page.waitForFunction('heard._reliable.length === 200', undefined, { timeout: 10_000 });
    expect(await page.evaluate('heard._reliable')).toEqual(upTo(200));
    const lossy = await page.evaluate<number[]>('heard._lossy');
    expect(lossy.length).toBeGreaterThan(130);
    expect(lossy.length).toBeLessThan(195);
    // Whatever came was sent once: nothing came behind what was said after it.
    expect(lossy).toEqual(lossy.toSorted((a, b) => a - b));

    // And so does what the browser sends.
    const came = (channel: string) =>
      under.events.flatMap((event) =>
        event.type === 'data.received' && event.channel === channel ? [Number(fromUtf8(event.bytes))] : [],
      );
    await until(() => came('_reliable').length === 200, 'all that is reliable');
    expect(came('_reliable')).toEqual(upTo(200));
    expect(came('_lossy').length).toBeGreaterThan(130);

    // After the loss nothing is owed: what is said next comes at once.
    loss = 0;
    await page.evaluate('heard._reliable.length = 0; heard._lossy.length = 0');
    const asked = performance.now();
    for (const label of ['_reliable', '_lossy'] as const) under.host.sendData('TP_1', label, utf8('7'));
    await page.waitForFunction('heard._reliable.length === 1 && heard._lossy.length === 1');
    expect(performance.now() - asked).toBeLessThan(2000);
  });
});
