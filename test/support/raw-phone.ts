import { createSocket, type Socket } from 'node:dgram';
import { decodeG711, encodeG711, type G711Law } from '../../src/audio/g711.ts';
import { SineSource } from '../../src/audio/tones.ts';
import { newBranch, RawUdp, rawRequest } from './raw-sip.ts';
import type { Recording, ToneSource } from './wav.ts';

const RATE = 8000;
const FRAME = 160;
const FRAME_MS = 20;
const PAYLOAD_TYPES: Readonly<Record<G711Law, number>> = { pcmu: 0, pcma: 8 };
const LAWS: readonly G711Law[] = ['pcmu', 'pcma'];

/** What a raw phone says: frames of 20 ms at 8 kHz. */
export interface RawVoice {
  fill(into: Int16Array): void;
}

/** Addresses of a phone. */
export interface PhonePlace {
  readonly signaling?: string;
  readonly media?: string;
}

/** A phone written by hand, with a tone or any other sound for a voice, which can change its codec in the call. */
export class RawPhone {
  readonly #sip: RawUdp;
  readonly #rtp: Socket;
  readonly #common: { user: string; port: number; localPort: number; callId: string };
  readonly #voice: RawVoice;
  readonly #frame = new Int16Array(FRAME);
  readonly #heard: Int16Array[] = [];
  #law: G711Law = 'pcma';
  #toTag = '';
  #cseq = 0;
  #far = 0;
  #farAddress = '';
  #sequence = 1;
  #timestamp = 1;
  #begun = 0;
  #sent = 0;
  #ticker: NodeJS.Timeout | undefined;
  #cameAt = Number.NaN;
  /** The longest time between two packets that came, ms. Whoever asks may set it back to 0. */
  longestWaitMs = 0;
  /** Of its own packets, part that it does not send: for the far end they are lost, 0 … 1. */
  loses = 0;
  #owed = 0;
  /** When and with which RTP timestamp a packet came, beside {@link heard}; times of `performance.now()`. */
  onFrame: (at: number, timestamp: number, frame: Int16Array) => void = () => {};
  /** Payload type of the last packet that came. */
  lastPayloadType = -1;

  private constructor(sip: RawUdp, rtp: Socket, port: number, user: string, voice: RawVoice) {
    this.#sip = sip;
    this.#rtp = rtp;
    this.#common = { user, port, localPort: sip.localPort, callId: newBranch() };
    this.#voice = voice;
    rtp.on('message', (bytes) => this.#received(bytes));
  }

  /** Calls `user` at the gateway's SIP port, and talks; from loopback of either family, its media apart where that is said. */
  static async call(
    port: number,
    user: string,
    said: ToneSource | RawVoice,
    { signaling = '127.0.0.1', media = signaling }: PhonePlace = {},
  ): Promise<RawPhone> {
    const rtp = createSocket(media.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => rtp.bind(0, media, resolve));
    const voice = 'hz' in said ? new SineSource(said.hz, said.amplitude, RATE) : said;
    const phone = new RawPhone(await RawUdp.open(port, signaling), rtp, port, user, voice);
    await phone.offer('pcma');
    phone.#begun = performance.now();
    phone.#ticker = setInterval(() => phone.#talk(), FRAME_MS / 2);
    return phone;
  }

  /** When the first sample of its voice was said, by `performance.now()`: a packet is sent when its last one was. */
  get spokenSince(): number {
    return this.#begun - FRAME_MS;
  }

  /** INVITE or re-INVITE with one codec; talks in it from the answer on. */
  async offer(law: G711Law): Promise<void> {
    const cseq = ++this.#cseq;
    this.#sip.received.length = 0;
    this.#sip.send(this.#request('INVITE', cseq, this.#description(law, cseq)));
    const answer = await this.#sip.expect('SIP/2.0 200');
    this.#toTag = /^To:.*;tag=([^;\r]+)/m.exec(answer)?.[1] ?? '';
    this.#far = Number(/^m=audio (\d+)/m.exec(answer)?.[1] ?? 0);
    this.#farAddress = /^c=IN IP[46] (\S+)/m.exec(answer)?.[1] ?? '';
    if (!new RegExp(`^m=audio \\d+ RTP/AVP ${PAYLOAD_TYPES[law]}\\b`, 'm').test(answer))
      throw new Error(answer);
    this.#sip.send(this.#request('ACK', cseq));
    this.#law = law;
  }

  /** The gateway's RTP port. */
  get far(): number {
    return this.#far;
  }

  /** The gateway's address for RTP. */
  get farAddress(): string {
    return this.#farAddress;
  }

  /** Packets that {@link heard} has not given yet. */
  get heardFrames(): number {
    return this.#heard.length;
  }

  /** All that came since it was asked last, packet after packet. */
  heard(): Recording {
    const samples = new Int16Array(this.#heard.length * FRAME);
    for (const [i, frame] of this.#heard.splice(0).entries()) samples.set(frame, i * FRAME);
    return { sampleRate: RATE, samples };
  }

  async hangUp(): Promise<void> {
    clearInterval(this.#ticker);
    this.#sip.received.length = 0;
    this.#sip.send(this.#request('BYE', ++this.#cseq));
    await this.#sip.expect('SIP/2.0 200');
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#sip.close();
    this.#rtp.close();
  }

  #request(method: string, cseq: number, body = ''): string {
    const toTag = this.#toTag === '' ? {} : { toTag: this.#toTag };
    return rawRequest({ ...this.#common, ...toTag, method, cseq, body });
  }

  #description(law: G711Law, version: number): string {
    const type = PAYLOAD_TYPES[law];
    const { address, family } = this.#rtp.address();
    const place = `IN ${family === 'IPv6' ? 'IP6' : 'IP4'} ${address}`;
    return [
      'v=0',
      `o=- 1 ${version} ${place}`,
      's=-',
      `c=${place}`,
      't=0 0',
      `m=audio ${this.#rtp.address().port} RTP/AVP ${type}`,
      `a=rtpmap:${type} ${law.toUpperCase()}/8000`,
      '',
    ].join('\r\n');
  }

  /** As many packets as are due. */
  #talk(): void {
    for (; this.#sent * FRAME_MS <= performance.now() - this.#begun; this.#sent++) {
      const packet = Buffer.alloc(12 + FRAME);
      packet[0] = 0x80;
      packet[1] = PAYLOAD_TYPES[this.#law];
      packet.writeUInt16BE(this.#sequence++ & 0xffff, 2);
      packet.writeUInt32BE(this.#timestamp, 4);
      packet.writeUInt32BE(0x1234_5678, 8);
      this.#timestamp += FRAME;
      this.#voice.fill(this.#frame);
      encodeG711(this.#law, this.#frame, 0, FRAME, packet, 12);
      this.#owed += this.loses;
      if (this.#owed < 1) this.#rtp.send(packet, this.#far, this.#farAddress);
      else this.#owed--;
    }
  }

  #received(bytes: Buffer): void {
    const type = (bytes[1] ?? 0) & 0x7f;
    const law = LAWS.find((each) => PAYLOAD_TYPES[each] === type);
    if (law === undefined || bytes.length < 12 + FRAME) return;
    this.lastPayloadType = type;
    const now = performance.now();
    if (now - this.#cameAt > this.longestWaitMs) this.longestWaitMs = now - this.#cameAt;
    this.#cameAt = now;
    const frame = new Int16Array(FRAME);
    decodeG711(law, bytes, 12, 12 + FRAME, frame, 0);
    this.#heard.push(frame);
    this.onFrame(now, bytes.readUInt32BE(4), frame);
  }
}
