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

/** Encoding names of what a phone may talk to us in. */
export type PhoneCodec = 'PCMA' | 'PCMU';

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

/** The payload type of our own offers. */
export const OFFERED_PAYLOAD_TYPES: Readonly<Record<PhoneCodec, number>> = { PCMU: 0, PCMA: 8 };

/** What everybody uses for telephone-event, although it is dynamic. */
export const OFFERED_DTMF = 101;

/** Whether `format` is the codec of that name, at its clock rate and one channel. */
export function isCodec(format: AudioFormat, name: PhoneCodec): boolean {
  return format.mime === `audio/${name.toLowerCase()}` && format.clockRate === 8000 && format.channels === 1;
}

/** `PCMA`, as the rtpmap has it. */
export function encodingName(format: AudioFormat): string {
  return format.mime.slice('audio/'.length).toUpperCase();
}
