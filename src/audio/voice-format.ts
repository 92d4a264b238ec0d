/** What a leg is sent, as far as an encoder and a packetizer care: agreed on by SDP, interned, compared by identity. */

/** Rates at which a room mixes, Hz. */
export type MixRate = 8000 | 16_000;

/** A codec with its settings. All legs of one format can share what one encoder makes. */
export interface VoiceFormat {
  /** Lower case, `audio/pcma`. */
  readonly mime: string;
  /** Samples a second that the encoder is fed with. */
  readonly sampleRate: MixRate;
  /** RTP ticks of a millisecond: 8 for G.722 too (RFC 3551 section 4.5.2), 48 for Opus (RFC 7587 section 4.1). */
  readonly ticksPerMs: 8 | 48;
  /** Whether a packet means what it means only after those before it: then a listener needs one encoder's packets. */
  readonly memory: 'none' | 'stream';
  /** Opus: whether packets carry a coarse copy of the one before (in-band FEC). */
  readonly redundancy: 'none' | 'in-band';
  /** Opus: whether silence is sent at all. */
  readonly silence: 'sent' | 'dropped';
  /** On average, bit/s, headers not included. */
  readonly bitrate: number;
}

const octets = { ticksPerMs: 8, redundancy: 'none', silence: 'sent', bitrate: 64_000 } as const;
const opus = { mime: 'audio/opus', sampleRate: 16_000, ticksPerMs: 48, memory: 'stream' } as const;

const PCMA: VoiceFormat = { ...octets, mime: 'audio/pcma', sampleRate: 8000, memory: 'none' };
const PCMU: VoiceFormat = { ...octets, mime: 'audio/pcmu', sampleRate: 8000, memory: 'none' };
const G722: VoiceFormat = { ...octets, mime: 'audio/g722', sampleRate: 16_000, memory: 'stream' };

/**
 * What Opus is sent at, bit/s: the first that the phone allows. At 32,000 speech is as intelligible behind two encodings as
 * behind one at 24,000, the redundancy included; that is still half of G.711. 6000 is the least that there is (RFC 6716).
 */
const OPUS_BITRATES = [32_000, 24_000, 16_000, 12_000, 8000, 6000] as const;

const OPUS: readonly VoiceFormat[] = OPUS_BITRATES.flatMap((bitrate): readonly VoiceFormat[] => [
  { ...opus, bitrate, redundancy: 'none', silence: 'sent' },
  { ...opus, bitrate, redundancy: 'in-band', silence: 'sent' },
  { ...opus, bitrate, redundancy: 'none', silence: 'dropped' },
  { ...opus, bitrate, redundancy: 'in-band', silence: 'dropped' },
]);

/** The format of a codec with what its receiver asks for in `a=fmtp`; undefined when nothing here encodes it. */
export function voiceFormat(mime: string, fmtp: string): VoiceFormat | undefined {
  switch (mime) {
    case 'audio/pcma':
      return PCMA;
    case 'audio/pcmu':
      return PCMU;
    case 'audio/g722':
      return G722;
    case 'audio/opus':
      // RFC 7587 section 6.1: both are 0 unless said.
      return OPUS.find(
        ({ bitrate, redundancy, silence }) =>
          bitrate === opusBitrate(fmtp) &&
          redundancy === (asks(fmtp, 'useinbandfec') ? 'in-band' : 'none') &&
          silence === (asks(fmtp, 'usedtx') ? 'dropped' : 'sent'),
      );
    default:
      return undefined;
  }
}

/** RFC 7587 section 6.1: a phone's `maxaveragebitrate` is not to be exceeded. */
function opusBitrate(fmtp: string): number {
  const digits = /(?:^|;)\s*maxaveragebitrate\s*=\s*(\d{1,9})\s*(?:;|$)/i.exec(fmtp)?.[1];
  const most = digits === undefined ? Number.POSITIVE_INFINITY : Number(digits);
  return OPUS_BITRATES.find((bitrate) => bitrate <= most) ?? 6000;
}

function asks(fmtp: string, parameter: string): boolean {
  return fmtp.split(';').some((entry) => entry.trim().toLowerCase() === `${parameter}=1`);
}

/** Samples of 20 ms, one frame of the mix. */
export function frameLength(rate: MixRate): number {
  return rate / 50;
}
