/**
 * A carrier on the virtual network that writes its SIP, SDP and RTP by hand, so that it can be as odd as the real ones,
 * towards the whole gateway.
 */
import { expect } from 'vitest';
import { encodeG711, type G711Law } from '../../../src/audio/g711.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import type { InboundTrunk } from '../../../src/trunk/trunk.ts';
import { LossyNet, type VirtualSocket } from '../../support/lossy-net.ts';
import { toneLevels } from '../../support/tones.ts';
import { GATEWAY, VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';

/** The carrier's tone, and that of the phone that listens in the room, Hz. */
export const FAR_TONE = 700;
export const NEAR_TONE = 1100;

export interface RawOptions {
  readonly branch?: string;
  readonly cseq?: number;
  readonly headers?: readonly string[];
  readonly sdp?: string | undefined;
  /** Instead of `sdp`: type and text of a body. */
  readonly body?: readonly [type: string, text: string];
  /** sent-by and parameters of the Via, without branch. */
  readonly via?: string;
  readonly toTag?: string;
  /** What stands in From before its tag; a fixed number unless given. */
  readonly from?: string;
  readonly uri?: string;
}

/** One packet of RTP that the gateway sent. */
export interface HeardRtp {
  readonly at: number;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly bytes: number;
}

export class RawCarrier {
  /** All SIP that came, oldest first, with the time. */
  readonly got: { readonly at: number; readonly text: string }[] = [];
  readonly rtp: HeardRtp[] = [];
  /** RTCP that came to the port beside. */
  rtcp = 0;
  callId = 'call-1';
  /** Status line and headers that answer the gateway's requests of a method; else `200 OK`. */
  readonly answers = new Map<string, readonly string[]>();
  /** Our next RTP. */
  stream = { ssrc: 1, sequence: 100, timestamp: 5000 };
  /** What is sent, every so many ms; nothing when undefined. */
  talk: { frameMs: number; law: G711Law; from?: VirtualSocket } | undefined;
  /** What SRTP makes of a packet of ours. */
  seal: (packet: Uint8Array) => Uint8Array = (packet) => packet;
  /** And of one that came; undefined: nothing. */
  open: (packet: Uint8Array) => Uint8Array | undefined = (packet) => packet;
  readonly address: string;
  readonly media: VirtualSocket;
  readonly #net: LossyNet;
  readonly #sip: VirtualSocket;
  readonly #sine = new SineSource(FAR_TONE, 6000, 8000);
  #cseq = 0;
  #branch = 0;

  constructor(net: LossyNet, address: string) {
    this.#net = net;
    this.address = address;
    this.#sip = net.open(address, 5060);
    this.#sip.onDatagram = (bytes) => this.#receive(fromUtf8(bytes));
    this.media = net.open(address, 4000);
    net.open(address, 4001).onDatagram = () => void this.rtcp++;
    this.media.onDatagram = (bytes) => this.#hear(bytes);
  }

  /** SDP of ours; `lines` from m= on. */
  sdp(
    lines: readonly string[] = ['m=audio 4000 RTP/AVP 8 0 101', 'a=rtpmap:101 telephone-event/8000'],
  ): string {
    const head = ['v=0', 'o=far 1 1 IN IP4 10.0.1.9', 's=-', `c=IN IP4 ${this.address}`, 't=0 0'];
    return `${[...head, ...lines].join('\r\n')}\r\n`;
  }

  send(method: string, options: RawOptions = {}): void {
    const cseq = options.cseq ?? ++this.#cseq;
    if (options.cseq !== undefined) this.#cseq = Math.max(this.#cseq, options.cseq);
    const tag = options.toTag ?? (this.toTag === '' ? '' : this.toTag);
    const [type, body = ''] = options.body ?? ['application/sdp', options.sdp];
    this.raw(
      [
        `${method} ${options.uri ?? `sip:lobby@${GATEWAY}`} SIP/2.0`,
        `Via: SIP/2.0/UDP ${options.via ?? `${this.address};rport`};branch=z9hG4bK${options.branch ?? `b${++this.#branch}`}`,
        'Max-Forwards: 70',
        `From: ${options.from ?? `<sip:+60312345678@${this.address}>`};tag=far`,
        `To: <sip:lobby@${GATEWAY}>${tag === '' ? '' : `;tag=${tag}`}`,
        `Call-ID: ${this.callId}`,
        `CSeq: ${cseq} ${method}`,
        ...(options.headers ?? [`Contact: <sip:far@${this.address}>`]),
        ...(body === '' ? [] : [`Content-Type: ${type}`]),
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );
  }

  raw(text: string): void {
    this.#sip.send(utf8(text), 5060, GATEWAY);
  }

  /** Final statuses that came for requests of that method, in their order. */
  finals(method: string): number[] {
    return this.responses(method).filter((status) => status >= 200);
  }

  responses(method: string): number[] {
    return this.got.flatMap(({ text }) =>
      text.startsWith('SIP/2.0 ') && new RegExp(`^CSeq: \\d+ ${method}\\r$`, 'm').test(text)
        ? [Number(text.slice(8, 11))]
        : [],
    );
  }

  /** Requests that came, the method only. */
  get requests(): string[] {
    return this.got.flatMap(({ text }) => (text.startsWith('SIP/2.0') ? [] : [text.split(' ')[0]!]));
  }

  /** The last message that came whose start line begins so. */
  last(start: string): string {
    const found = this.got.filter(({ text }) => text.startsWith(start)).at(-1);
    if (found === undefined)
      throw new Error(`no ${start} among\n${this.got.map(({ text }) => text).join('\n')}`);
    return found.text;
  }

  /** Our tag of the first call, empty before there is one. */
  get toTag(): string {
    const tagged = this.got.find(({ text }) => /^SIP\/2.0 (1[89]|2)/.test(text));
    return /^To:.*;tag=([^;\r]+)/m.exec(tagged?.text ?? '')?.[1] ?? '';
  }

  /** Where the gateway wants RTP, by its last SDP. */
  get port(): number {
    const described = this.got.filter(({ text }) => /^m=audio [1-9]/m.test(text)).at(-1);
    return Number(/^m=audio ([1-9]\d*)/m.exec(described?.text ?? '')?.[1] ?? 0);
  }

  /** Sends the next of its tone. */
  speak({ frameMs, law, from = this.media }: NonNullable<RawCarrier['talk']>): void {
    const samples = new Int16Array(frameMs * 8);
    this.#sine.fill(samples);
    const payload = new Uint8Array(samples.length);
    encodeG711(law, samples, 0, samples.length, payload, 0);
    this.packet(law === 'pcma' ? 8 : 0, payload, from);
    this.stream.timestamp += samples.length;
  }

  /** One RTP packet with the sequence number that is next. */
  packet(payloadType: number, payload: Uint8Array, from = this.media): void {
    const { stream } = this;
    const bytes = new Uint8Array(12 + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 0x80);
    view.setUint8(1, payloadType);
    view.setUint16(2, stream.sequence++ & 0xffff);
    view.setUint32(4, stream.timestamp >>> 0);
    view.setUint32(8, stream.ssrc);
    bytes.set(payload, 12);
    if (this.port > 0) from.send(this.seal(bytes), this.port, GATEWAY);
  }

  #hear(datagram: Uint8Array): void {
    const bytes = this.open(datagram);
    if (bytes === undefined) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.rtp.push({
      at: this.#net.now(),
      payloadType: view.getUint8(1) & 0x7f,
      sequence: view.getUint16(2),
      timestamp: view.getUint32(4),
      ssrc: view.getUint32(8),
      bytes: bytes.length - 12,
    });
  }

  #receive(text: string): void {
    this.got.push({ at: this.#net.now(), text });
    if (text.startsWith('SIP/2.0') || text.startsWith('ACK')) return;
    const lines = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    const [status, ...more] = this.answers.get(text.split(' ')[0]!) ?? ['200 OK'];
    this.raw([`SIP/2.0 ${status}`, ...lines, ...more, 'Content-Length: 0', '', ''].join('\r\n'));
  }
}

/** The gateway, one carrier of that kind, and a phone in the same room that listens. */
export function rowWorld(
  options: {
    readonly listener?: 'none';
    readonly trunk?: Partial<InboundTrunk>;
    readonly outbound?: OutboundTrunk[];
  } = {},
) {
  const net = new LossyNet(9);
  const gateway = new VirtualGateway(net, { odd: options.trunk, outbound: options.outbound });
  const carrier = new RawCarrier(net, '10.0.1.9');
  const listener = new VirtualPhone(net, '10.0.1.1', NEAR_TONE);
  const pass = (ms: number): void => {
    const start = net.now();
    for (let at = 10; at <= ms; at += 10) {
      net.run(start + at);
      const { talk } = carrier;
      if (talk !== undefined && net.now() % talk.frameMs === 0) carrier.speak(talk);
      if (net.now() % 20 === 0) listener.tick();
    }
  };
  if (options.listener !== 'none') {
    listener.dial('lobby');
    pass(1000);
  }
  return {
    net,
    gateway,
    carrier,
    listener,
    pass,
    /** INVITE, 200, ACK, and the carrier talks. */
    establish(sdp: string | undefined = carrier.sdp()): void {
      carrier.send('INVITE', { sdp });
      pass(200);
      expect(carrier.finals('INVITE')).toEqual([200]);
      carrier.send('ACK', { cseq: 1 });
      carrier.talk = { frameMs: 20, law: 'pcma' };
      pass(200);
    },
    /** How loud the carrier is in the room from now on for so long, dBFS. */
    heardFor(ms: number): number {
      const from = listener.handset.recording().length / 8;
      pass(ms);
      return toneLevels(listener.handset.recording(from), 8000, [FAR_TONE])[0]!;
    },
    /** What the listener hears from now on for so long. */
    record(ms: number): Int16Array {
      const from = listener.handset.recording().length / 8;
      pass(ms);
      return listener.handset.recording(from);
    },
    /** Everybody hangs up; nothing is left and nothing went wrong. */
    finish(): void {
      carrier.talk = undefined;
      if (carrier.toTag !== '') carrier.send('BYE');
      if (options.listener !== 'none') listener.hangUp();
      pass(200);
      net.run(net.now() + 200_000);
      expect(gateway.left()).toEqual({});
      expect(gateway.faults).toEqual([]);
      gateway.stop();
    },
  };
}
