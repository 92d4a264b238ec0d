import { findExtension, parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';

/** Pictures of Chromium's `L3T3_KEY`: three sizes, of which the larger need the smaller at key frames alone, and three rates. */
export const RATES = [0, 2, 1, 2] as const;
/** The frames that one picture of each rate refers to, pictures back (after a key frame). */
export const BACK = [4, 1, 2, 1] as const;

/** What Chromium 156 sends with a key frame of AV1 in that mode, behind the first three bytes. */
export const STRUCTURE = Buffer.from(
  '80081485214eaaaaa8000600004000100002aa80a8000600004000100002a000a800060000400016d549241b5524906d54923157e001974ca864330e222396eca8655304224390eca87753013f00b3027f016704ff02cf',
  'hex',
);
/** Its templates: of key frames, then of pictures by their place in {@link RATES}. */
const TEMPLATES = [
  { key: 0, others: [1, 3, 2, 4] },
  { key: 5, others: [6, 8, 7, 9] },
  { key: 10, others: [11, 13, 12, 14] },
] as const;

/** One size of one picture. */
export interface LayerFrame {
  readonly picture: number;
  readonly spatial: number;
  readonly temporal: number;
  readonly key: boolean;
}

/** So many pictures in all sizes, those in `keys` key frames; the pattern begins anew there. */
export function pictures(count: number, keys: readonly number[] = [0], from = 0): LayerFrame[] {
  const frames: LayerFrame[] = [];
  let since = 0;
  for (let picture = from; picture < from + count; picture++) {
    const key = keys.includes(picture);
    if (key) since = picture;
    for (let spatial = 0; spatial < 3; spatial++)
      frames.push({ picture, spatial, temporal: RATES[(picture - since) % 4]!, key });
  }
  return frames;
}

/** A descriptor of AV1: what {@link STRUCTURE} has a template for. */
export function av1Descriptor(
  { key, picture, spatial, temporal }: LayerFrame,
  place: number,
  edges: { readonly start: boolean; readonly end: boolean },
): Uint8Array {
  const { key: keyTemplate, others } = TEMPLATES[spatial]!;
  const template = key
    ? keyTemplate
    : others[temporal === 2 ? (place % 4 === 1 ? 1 : 3) : temporal === 1 ? 2 : 0];
  const frame = (3 * picture + spatial) & 0xffff;
  const head = [(edges.start ? 0x80 : 0) | (edges.end ? 0x40 : 0) | template, frame >> 8, frame & 0xff];
  return Uint8Array.from(key && spatial === 0 && edges.start ? [...head, ...STRUCTURE] : head);
}

/** RFC 9628 section 4.2: a picture id of 15 bits, layers, and in flexible mode one reference. */
export function vp9Payload(
  { key, picture, spatial, temporal }: LayerFrame,
  edges: { readonly start: boolean; readonly end: boolean },
  place = 0,
): Uint8Array {
  const first = 0x80 | (key ? 0 : 0x40) | 0x20 | 0x10 | (edges.start ? 0x08 : 0) | (edges.end ? 0x04 : 0);
  const layers = (temporal << 5) | 0x10 | (spatial << 1) | (key && spatial > 0 ? 1 : 0);
  const head = [first, 0x80 | ((picture >> 8) & 0x7f), picture & 0xff, layers];
  if (!key) head.push(BACK[place % 4]! << 1);
  return Uint8Array.from([...head, picture, spatial, temporal]);
}

/** Two packets a frame, as RTP packets of one source from `sequence` on. `descriptor` has extension id 5. */
export function packets(
  frames: readonly LayerFrame[],
  codec: 'vp9' | 'av1',
  sequence: number,
): { readonly view: RtpView; readonly frame: LayerFrame }[] {
  let keyAt = 0;
  return frames.flatMap((frame) => {
    if (frame.key) keyAt = frame.picture;
    const place = frame.picture - keyAt;
    return [
      { start: true, end: false },
      { start: false, end: true },
    ].map((edges) => {
      const payload =
        codec === 'vp9' ? vp9Payload(frame, edges, place) : Uint8Array.of(0x10, frame.picture, frame.spatial);
      const descriptor = codec === 'av1' ? av1Descriptor(frame, place, edges) : new Uint8Array(0);
      const view = layeredPacket({
        sequence: sequence++ & 0xffff,
        timestamp: frame.picture * 3000,
        marker: edges.end && frame.spatial === 2,
        payload,
        descriptor,
      });
      return { view, frame };
    });
  });
}

/** A packet with a Dependency Descriptor, in the two-byte form of RFC 8285 section 4.3. */
export function layeredPacket(packet: {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Uint8Array;
  readonly descriptor: Uint8Array;
}): RtpView {
  const { descriptor, marker, payload, sequence, timestamp } = packet;
  const words = descriptor.length === 0 ? 0 : Math.ceil((descriptor.length + 2) / 4);
  const head = descriptor.length === 0 ? 12 : 16 + 4 * words;
  const bytes = new Uint8Array(head + payload.length);
  const extension = descriptor.length === 0 ? 'none' : 'follows';
  writeRtpHeader(bytes, 0, { payloadType: 45, marker, sequence, timestamp, ssrc: 7, extension });
  if (descriptor.length > 0) bytes.set([0x10, 0, words >> 8, words, 5, descriptor.length, ...descriptor], 12);
  bytes.set(payload, head);
  const view = new RtpView();
  parseRtp(bytes, bytes.length, view);
  view.descriptor = findExtension(view, 5);
  return view;
}
