/** An RTP payload format as the two ends agreed on it; the fields are those of the media side's `Codec`. */
export interface AudioFormat {
  /** Lower case, `audio/pcma`. */
  readonly mime: string;
  /** Hz. */
  readonly clockRate: number;
  readonly channels: number;
  readonly payloadType: number;
  /** The `a=fmtp` parameters as one string, or empty. */
  readonly fmtp: string;
}

/**
 * Encoding names of what a phone may talk to us in, and of comfort noise (RFC 3389), which is no codec: with it silence
 * need not be sent.
 */
export type PhoneCodec = 'PCMA' | 'PCMU' | 'G722' | 'OPUS' | 'CN';

/** Static payload types that need no rtpmap (RFC 3551 section 6, table 4). */
export const STATIC_FORMATS: ReadonlyMap<number, { readonly name: string; readonly clockRate: number }> =
  new Map([
    [0, { name: 'PCMU', clockRate: 8000 }],
    [3, { name: 'GSM', clockRate: 8000 }],
    [4, { name: 'G723', clockRate: 8000 }],
    [8, { name: 'PCMA', clockRate: 8000 }],
    [9, { name: 'G722', clockRate: 8000 }],
    [13, { name: 'CN', clockRate: 8000 }],
    [18, { name: 'G729', clockRate: 8000 }],
  ]);

/**
 * Our own offers. G.722 counts 8000 though it has 16,000 samples (RFC 3551 section 4.5.2); Opus always names two channels
 * and 48000, whatever is in it (RFC 7587 section 7).
 */
const OFFERED: Readonly<Record<PhoneCodec, AudioFormat>> = {
  PCMU: { mime: 'audio/pcmu', clockRate: 8000, channels: 1, payloadType: 0, fmtp: '' },
  PCMA: { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' },
  G722: { mime: 'audio/g722', clockRate: 8000, channels: 1, payloadType: 9, fmtp: '' },
  OPUS: { mime: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111, fmtp: '' },
  CN: { mime: 'audio/cn', clockRate: 8000, channels: 1, payloadType: 13, fmtp: '' },
};

/** What everybody uses for telephone-event, although it is dynamic; and beside Opus, at its clock. */
const OFFERED_EVENTS: ReadonlyMap<number, number> = new Map([
  [8000, 101],
  [48_000, 110],
]);

/** Of the names that phones use all day, as they are mostly written: a call has some four. */
const MIMES: ReadonlyMap<string, string> = new Map(
  ['PCMA', 'PCMU', 'G722', 'G729', 'GSM', 'opus', 'telephone-event', 'CN'].map((name) => [
    name,
    written(name),
  ]),
);

/** `audio/pcma` of the encoding name of an rtpmap, whose case says nothing (RFC 8866 section 6.6). */
export function mimeOf(name: string): string {
  return MIMES.get(name) ?? written(name);
}

function written(name: string): string {
  return `audio/${name.toLowerCase()}`;
}

/** A codec as we offer it. */
export function offeredFormat(name: PhoneCodec): AudioFormat {
  return OFFERED[name];
}

/** The telephone-event payload type of our offers at a clock rate, Hz. */
export function offeredEvent(clockRate: number): number | undefined {
  return OFFERED_EVENTS.get(clockRate);
}

/** Whether `format` is the codec of that name, with its clock rate and channels. */
export function isCodec(format: AudioFormat, name: PhoneCodec): boolean {
  const { mime, clockRate, channels } = OFFERED[name];
  return format.mime === mime && format.clockRate === clockRate && format.channels === channels;
}

/** `PCMA/8000`, `opus/48000/2`, as the rtpmap has it. */
export function rtpMap({ mime, clockRate, channels }: AudioFormat): string {
  const name = mime.slice('audio/'.length);
  const spelled = name === 'opus' ? name : name.toUpperCase();
  return `${spelled}/${clockRate}${channels > 1 ? `/${channels}` : ''}`;
}

/** What we ask of whoever sends to us (RFC 7587 section 6.1): mono, and with redundancy, which we make use of. */
export function wishes({ mime }: AudioFormat): string {
  return mime === 'audio/opus' ? 'useinbandfec=1' : '';
}
