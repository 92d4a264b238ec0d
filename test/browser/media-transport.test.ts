import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { encodeG711 } from '../../src/audio/g711.ts';
import { fromUtf8, utf8 } from '../../src/base/bytes.ts';
import { newIceCredentials } from '../../src/ice/credentials.ts';
import { parseRtp, RtpView, writeRtpHeader } from '../../src/rtp/packet.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';
import { type HostUnderTest, startHost, until } from '../support/fake-browser.ts';

const opus = { mime: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 111, fmtp: '' };
const pcma = { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' };

describe.each(dtlsEngines)('DTLS by %s', (engine) => {
  let browser: Browser;
  let page: Page;
  let under: HostUnderTest;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      ignoreDefaultArgs: ['--mute-audio'],
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--autoplay-policy=no-user-gesture-required',
        '--allow-loopback-in-peer-connection',
        '--disable-features=WebRtcHideLocalIpsWithMdns',
      ],
    });
    page = await browser.newPage();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    under = await startHost(engine);
  });
  afterEach(() => under.stop());

  /** The value of the first line of `sdp` that starts with `a=name:`. */
  function attribute(sdp: string, name: string): string {
    return new RegExp(`^a=${name}:(.*)$`, 'm').exec(sdp)![1]!.trim();
  }

  /** Chromium publishes an oscillator in Opus on m-line 0, hears us on m-line 1, and opens `_reliable` on m-line 2. */
  const offerScript = `(async () => {
  const pc = new RTCPeerConnection();
  window.pc = pc;
  const context = new AudioContext();
  const oscillator = context.createOscillator();
  oscillator.frequency.value = 1000;
  const out = context.createMediaStreamDestination();
  oscillator.connect(out);
  oscillator.start();
  pc.addTransceiver(out.stream.getAudioTracks()[0], { direction: 'sendonly' });
  pc.addTransceiver('audio', { direction: 'recvonly' });
  window.heard = [];
  const channel = pc.createDataChannel('_reliable');
  window.channel = channel;
  channel.onmessage = (event) => window.heard.push(new TextDecoder().decode(event.data));
  channel.binaryType = 'arraybuffer';
  channel.onopen = () => channel.send(new TextEncoder().encode('from the browser'));
  pc.ondatachannel = (event) => {
    event.channel.binaryType = 'arraybuffer';
    event.channel.onmessage = (message) => {
      window.heard.push(event.channel.label + ': ' + new TextDecoder().decode(message.data));
      event.channel.send('thanks');
    };
  };
  pc.ontrack = (event) => {
    const stream = new MediaStream([event.track]);
    const audio = new Audio();
    audio.srcObject = stream;
    audio.play();
    window.keepAudio = audio;
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(stream).connect(analyser);
    window.peak = () => {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const top = bins.indexOf(Math.max(...bins));
      return { hertz: (top * context.sampleRate) / analyser.fftSize, decibels: bins[top] };
    };
  };
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
})()`;

  test('Chromium hears a phone track as PCMA, is heard in Opus, and data goes both ways', async () => {
    const { host } = under;
    const offer = await page.evaluate<string>(offerScript);
    const local = newIceCredentials(systemRandom);
    host.open('TP_1', local);
    host.remote('TP_1', { ufrag: attribute(offer, 'ice-ufrag'), pwd: attribute(offer, 'ice-pwd') }, [
      { algorithm: 'sha-256', value: attribute(offer, 'fingerprint').split(' ')[1]! },
    ]);
    const levelId = Number(/a=extmap:(\d+) urn:ietf:params:rtp-hdrext:ssrc-audio-level/.exec(offer)![1]);
    const midId = Number(/a=extmap:(\d+) urn:ietf:params:rtp-hdrext:sdes:mid/.exec(offer)![1]);
    const extensions = { mid: midId, audioLevel: levelId, absSendTime: 0, transportCc: 0 };
    host.openReceiver({
      transport: 'TP_1',
      track: 'TR_mic',
      kind: 'audio',
      mid: '0',
      ssrcs: [],
      codecs: [opus],
      extensions,
    });
    host.openSender({
      sender: 'SN_1',
      transport: 'TP_1',
      track: 'TR_phone',
      kind: 'audio',
      mid: '1',
      ssrc: 4711,
      cname: 'phone',
      codecs: [pcma],
      extensions,
    });

    const common = [
      'c=IN IP4 127.0.0.1',
      'a=rtcp-mux',
      `a=ice-ufrag:${local.ufrag}`,
      `a=ice-pwd:${local.pwd}`,
      `a=fingerprint:sha-256 ${host.fingerprint.value}`,
      'a=setup:passive',
      `a=candidate:1 1 udp 2130706431 127.0.0.1 ${host.port} typ host`,
      'a=end-of-candidates',
      `a=extmap:${levelId} urn:ietf:params:rtp-hdrext:ssrc-audio-level`,
      `a=extmap:${midId} urn:ietf:params:rtp-hdrext:sdes:mid`,
    ];
    const answer = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0 1 2',
      'a=ice-lite',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      ...common,
      'a=mid:0',
      'a=recvonly',
      'a=rtpmap:111 opus/48000/2',
      'm=audio 9 UDP/TLS/RTP/SAVPF 8',
      ...common,
      'a=mid:1',
      'a=sendonly',
      'a=rtpmap:8 PCMA/8000',
      'a=ssrc:4711 cname:phone',
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      ...common.filter((line) => !line.startsWith('a=extmap') && line !== 'a=rtcp-mux'),
      'a=mid:2',
      'a=sctp-port:5000',
      'a=max-message-size:65536',
      '',
    ].join('\r\n');
    await page.evaluate(`pc.setRemoteDescription({ type: 'answer', sdp: ${JSON.stringify(answer)} })`);
    await until(() => under.events.find((event) => event.type === 'transport.connected'), 'connected');

    // A phone with 440 Hz, 20 ms a packet, and two of them lost.
    const packet = new Uint8Array(172);
    const samples = new Int16Array(160);
    const view = new RtpView();
    let sequence = 0;
    const started = performance.now();
    const feed = setInterval(() => {
      while (sequence * 20 < performance.now() - started) {
        writeRtpHeader(packet, 0, {
          payloadType: 8,
          marker: false,
          sequence: sequence & 0xffff,
          timestamp: sequence * 160,
          ssrc: 1,
          extension: 'none',
        });
        for (let i = 0; i < 160; i++) {
          samples[i] = Math.round(8000 * Math.sin((2 * Math.PI * 440 * (sequence * 160 + i)) / 8000));
        }
        encodeG711('pcma', samples, 0, 160, packet, 12);
        parseRtp(packet, 172, view);
        view.level = 15;
        if (sequence !== 30 && sequence !== 31)
          host.forward('TR_phone', view, 'audio/pcma', performance.now());
        sequence++;
      }
    }, 10);
    try {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      const peak = await page.evaluate<{ hertz: number; decibels: number }>('peak()');
      expect(Math.abs(peak.hertz - 440)).toBeLessThan(12);
      expect(peak.decibels).toBeGreaterThan(-40);
      const stats = await page.evaluate<Record<string, unknown>[]>(
        'pc.getStats().then((report) => [...report.values()])',
      );
      const inbound = stats.find((entry) => entry['type'] === 'inbound-rtp');
      expect(inbound).toMatchObject({ ssrc: 4711 });
      expect(inbound!['packetsReceived']).toBeGreaterThan(100);
      expect(stats.some((entry) => entry['type'] === 'codec' && entry['mimeType'] === 'audio/PCMA')).toBe(
        true,
      );
      // Chromium has understood our reports on what it sends.
      expect(stats.find((entry) => entry['type'] === 'remote-inbound-rtp')).toMatchObject({ packetsLost: 0 });
      const sources = await page.evaluate<{ audioLevel?: number }[]>(
        'pc.getReceivers()[1].getSynchronizationSources()',
      );
      expect(sources[0]?.audioLevel).toBeCloseTo(10 ** (-15 / 20), 1);
    } finally {
      clearInterval(feed);
    }
    expect(under.packets.length).toBeGreaterThan(100);
    expect(
      under.packets.every((received) => received.track === 'TR_mic' && received.mime === 'audio/opus'),
    ).toBe(true);
    expect(under.packets.some((received) => received.level >= 0 && received.level < 30)).toBe(true);

    const data = await until(() => under.events.find((event) => event.type === 'data.received'), 'data');
    expect(data.type === 'data.received' && [data.channel, fromUtf8(data.bytes)]).toEqual([
      '_reliable',
      'from the browser',
    ]);
    host.sendData('TP_1', '_reliable', utf8('to the browser'));
    await page.waitForFunction('heard.length > 0');
    expect(await page.evaluate('heard')).toEqual(['to the browser']);

    // A channel that the browser has not opened is opened by us, and what is sent meanwhile is kept.
    host.sendData('TP_1', '_lossy', utf8('one'));
    host.sendData('TP_1', '_lossy', utf8('two'));
    await page.waitForFunction('heard.length === 3');
    expect(await page.evaluate('heard.slice(1)')).toEqual(['_lossy: one', '_lossy: two']);
    await until(
      () => under.events.some((event) => event.type === 'data.received' && event.channel === '_lossy'),
      'an answer on our channel',
    );

    host.close('TP_1');
    await page.waitForFunction(
      "pc.connectionState === 'closed' || pc.connectionState === 'failed' || channel.readyState === 'closed'",
    );
    expect(under.alarms.size).toBe(1);
  });
});
