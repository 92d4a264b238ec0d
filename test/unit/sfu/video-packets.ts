import { findExtension, parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { type SenderOptions, TrackSender } from '../../../src/sfu/track-sender.ts';
import { Vp8Descriptor } from '../../../src/sfu/vp8.ts';

/** One packet of VP8, with 15-bit picture id, TL0PICIDX, temporal layer and KEYIDX (RFC 7741 section 4.2). */
export function vp8Payload(frame: {
  readonly picture: number;
  readonly tl0?: number;
  readonly temporal?: number;
  readonly sync?: boolean;
  readonly key?: boolean;
  readonly size?: number;
}): Uint8Array {
  const { key = false, picture, size = 8, sync = false, temporal = 0, tl0 = 0 } = frame;
  const payload = new Uint8Array(size).fill(picture & 0xff);
  payload.set([
    0x90,
    0xf0,
    0x80 | (picture >> 8),
    picture & 0xff,
    tl0,
    (temporal << 6) | (sync ? 0x20 : 0),
    key ? 0x10 : 0x11,
  ]);
  return payload;
}

export function videoPacket(ssrc: number, sequence: number, timestamp: number, payload: Uint8Array): RtpView {
  const bytes = new Uint8Array(12 + payload.length);
  writeRtpHeader(bytes, 0, { payloadType: 96, marker: true, sequence, timestamp, ssrc, extension: 'none' });
  bytes.set(payload, 12);
  const view = new RtpView();
  parseRtp(bytes, bytes.length, view);
  return view;
}

/** What a receiver saw of one packet. */
export interface Seen {
  readonly payloadType: number;
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly padding: boolean;
  readonly marker: boolean;
  /** AV1's Dependency Descriptor in hex, or empty. */
  readonly descriptor: string;
  readonly picture: number;
  readonly temporal: number;
  readonly payload: Uint8Array;
}

/** A forwarder with one receiver of VP8 and its retransmissions. */
export class Watched {
  readonly seen: Seen[] = [];
  readonly refused: string[] = [];
  keyframesAsked = 0;
  readonly forwarder = new Forwarder({
    keyframeNeeded: () => this.keyframesAsked++,
    refused: (reason) => this.refused.push(reason),
  });
  readonly sender: TrackSender;
  ready = true;

  constructor(options: Partial<SenderOptions> = {}) {
    const scratch = new Uint8Array(2048);
    const found = new Vp8Descriptor();
    this.sender = new TrackSender({
      kind: 'video',
      ssrc: 99,
      rtxSsrc: 100,
      cname: 'c',
      mid: '1',
      codecs: [{ mime: 'video/vp8', clockRate: 90_000, payloadType: 96, rtx: 97 }],
      extensions: { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 },
      random: { bytes: (length) => new Uint8Array(length), u32: () => 1000 },
      output: {
        sendRtp: (bytes, headerEnd, length) => {
          const view = new RtpView();
          if (parseRtp(bytes.slice(0, length), length, view) !== undefined) throw new Error('no RTP');
          const padding = view.payloadEnd === view.payloadStart;
          const from = view.payloadStart + (view.payloadType === 97 ? 2 : 0);
          found.read(view.bytes, from, view.payloadEnd);
          const { marker, payload, payloadType, sequence, ssrc, timestamp } = view;
          const at = findExtension(view, 5);
          const descriptor = Buffer.from(view.bytes.subarray(at >> 8, (at >> 8) + (at & 0xff))).toString(
            'hex',
          );
          const { pictureId: picture, temporal } = found;
          this.seen.push({
            payloadType,
            ssrc,
            sequence,
            timestamp,
            padding,
            marker,
            descriptor,
            picture,
            temporal,
            payload,
          });
          return headerEnd > 0 ? length : 0;
        },
        resend: () => {
          throw new Error('sealed bytes were sent again');
        },
        lend: () => (this.ready ? scratch : undefined),
        isMeasured: true,
        nextTransportSequence: 0,
        passage: () => undefined,
        used: () => {},
      },
      ...options,
    });
    this.forwarder.add(this.sender, 0);
  }
}
