import { builtInCodecs, G711Decoder } from '../../src/audio/built-in-codecs.ts';
import type { VoiceCodecs } from '../../src/audio/codec.ts';
import { encodeG711, type G711Law } from '../../src/audio/g711.ts';
import { SineSource } from '../../src/audio/tones.ts';
import type { LegDescription } from '../../src/leg/description.ts';
import { PhoneLeg } from '../../src/leg/leg.ts';
import { VoicePlayout } from '../../src/leg/voice-playout.ts';
import { type Digit, DtmfSender } from '../../src/rtp/dtmf.ts';
import { parseRtp, RtpView } from '../../src/rtp/packet.ts';
import { RtpSender } from '../../src/rtp/sender.ts';
import type { LossyNet, VirtualSocket } from './lossy-net.ts';

/** What SDP would have agreed on with a phone at `address:port`. */
export function describePhone(
  address: string,
  port: number,
  changes: Partial<LegDescription> = {},
): LegDescription {
  const codec = { mime: 'audio/pcma', payloadType: 8, clockRate: 8000 };
  return {
    remote: { address, port, rtcpPort: port + 1 },
    allowedSources: [`${address}/32`],
    codec,
    accept: [codec, { mime: 'audio/pcmu', payloadType: 0, clockRate: 8000 }],
    dtmfOut: 101,
    dtmfIn: 101,
    ptimeMs: 20,
    direction: 'sendrecv',
    ...changes,
  };
}

/** A leg in the room, on the virtual network, and all that it told. */
export class LegUnderTest {
  readonly leg: PhoneLeg;
  readonly rtp: VirtualSocket;
  readonly rtcp: VirtualSocket;
  readonly drops: string[] = [];
  readonly digits: Digit[] = [];
  readonly voices: { level: number; mime: string; payloadType: number; sequence: number; at: number }[] = [];
  heard = 0;
  silent = 0;

  constructor(net: LossyNet, mediaTimeoutMs = 30_000, codecs: VoiceCodecs = builtInCodecs) {
    this.rtp = net.open();
    this.rtcp = net.open();
    this.leg = new PhoneLeg(
      {
        rtp: this.rtp,
        rtcp: this.rtcp,
        random: net.random,
        codecs,
        clock: net,
        cname: 'test',
        mediaTimeoutMs,
        unixOffsetMs: 1_700_000_000_000,
        events: {
          isForwarded: () => false,
          onVoice: ({ level, payloadType, sequence }, mime, at) =>
            this.voices.push({ level, mime, payloadType, sequence, at }),
          onHeard: () => this.heard++,
          onSpoke: () => {},
          onDigit: (digit) => this.digits.push(digit),
          onSilent: () => this.silent++,
          onDropped: ({ where, reason }) => this.drops.push(`${where} ${reason}`),
        },
      },
      net.now(),
    );
  }
}

/** A phone's handset on the virtual network: sends a tone, keeps what it hears, played out by the product's own playout. */
export class Handset {
  readonly socket: VirtualSocket;
  readonly rtcpSocket: VirtualSocket;
  readonly #net: LossyNet;
  readonly #sine: SineSource;
  readonly #law: G711Law;
  readonly #view = new RtpView();
  readonly #playout: VoicePlayout;
  readonly #frame: Int16Array;
  readonly #heard: Int16Array[] = [];
  sender: RtpSender;
  talking = true;
  readonly #keys = new DtmfSender();
  readonly received: {
    at: number;
    sequence: number;
    timestamp: number;
    marker: boolean;
    payloadType: number;
    size: number;
  }[] = [];

  constructor(
    net: LossyNet,
    options: { address: string; frequency: number; law?: G711Law; frameMs?: number; amplitude?: number },
  ) {
    const { address, frequency, law = 'pcma', frameMs = 20, amplitude = 6000 } = options;
    this.#net = net;
    this.socket = net.open(address);
    this.rtcpSocket = net.open(address);
    this.#law = law;
    this.#frame = new Int16Array(frameMs * 8);
    this.#sine = new SineSource(frequency, amplitude, 8000);
    this.sender = new RtpSender(net.random, 480);
    const decoders = new Map([
      [0, new G711Decoder('pcmu')],
      [8, new G711Decoder('pcma')],
    ]);
    this.#playout = new VoicePlayout({ clockRate: 8000, sampleRate: 8000 }, (payloadType) =>
      decoders.get(payloadType),
    );
    this.socket.onDatagram = (bytes) => {
      const view = this.#view;
      if (parseRtp(bytes, bytes.length, view) !== undefined) throw new Error('not RTP');
      const { sequence, timestamp, marker, payloadType, payloadEnd, payloadStart } = view;
      this.received.push({
        at: net.now(),
        sequence,
        timestamp,
        marker,
        payloadType,
        size: payloadEnd - payloadStart,
      });
      if (decoders.has(payloadType)) this.#playout.push(view, net.now());
    };
  }

  /** Sends the next packet of its tone to the leg, or lets its time pass when it is not talking. */
  speak(to: { address: string; port: number }): void {
    this.#sine.fill(this.#frame);
    const payload = new Uint8Array(this.#frame.length);
    encodeG711(this.#law, this.#frame, 0, this.#frame.length, payload, 0);
    const key = this.#keys.pending > 0 ? this.#keys.poll(this.sender, 101, 20, 8) : undefined;
    if (key !== undefined) this.socket.send(key, to.port, to.address);
    else if (this.talking) {
      const packet = this.sender.packet(
        payload,
        0,
        payload.length,
        this.#law === 'pcma' ? 8 : 0,
        'no-marker',
      );
      this.socket.send(packet, to.port, to.address);
    }
    this.sender.advance(payload.length);
  }

  /** Presses keys (RFC 4733), one after the other, as it goes on to {@link speak}. */
  press(digits: string): void {
    for (const digit of digits) this.#keys.press(digit, 100);
  }

  /** Plays 20 ms of what it received. */
  listen(): void {
    const frame = new Int16Array(160);
    this.#playout.pull(this.#net.now(), frame);
    this.#heard.push(frame);
  }

  /** All that it heard from `fromMs` on. */
  recording(fromMs = 0): Int16Array {
    const frames = this.#heard.slice(fromMs / 20);
    const samples = new Int16Array(frames.length * 160);
    frames.forEach((frame, i) => {
      samples.set(frame, i * 160);
    });
    return samples;
  }
}
