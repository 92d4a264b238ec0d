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
}

const octets = { ticksPerMs: 8, redundancy: 'none', silence: 'sent' } as const;
const opus = { mime: 'audio/opus', sampleRate: 16_000, ticksPerMs: 48, memory: 'stream' } as const;

const PCMA: VoiceFormat = { ...octets, mime: 'audio/pcma', sampleRate: 8000, memory: 'none' };
const PCMU: VoiceFormat = { ...octets, mime: 'audio/pcmu', sampleRate: 8000, memory: 'none' };
const G722: VoiceFormat = { ...octets, mime: 'audio/g722', sampleRate: 16_000, memory: 'stream' };
const OPUS: readonly VoiceFormat[] = [
  { ...opus, redundancy: 'none', silence: 'sent' },
  { ...opus, redundancy: 'in-band', silence: 'sent' },
  { ...opus, redundancy: 'none', silence: 'dropped' },
  { ...opus, redundancy: 'in-band', silence: 'dropped' },
];

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
      return OPUS[(asks(fmtp, 'useinbandfec') ? 1 : 0) + (asks(fmtp, 'usedtx') ? 2 : 0)];
    default:
      return undefined;
  }
}

function asks(fmtp: string, parameter: string): boolean {
  return fmtp.split(';').some((entry) => entry.trim().toLowerCase() === `${parameter}=1`);
}

/** Samples of 20 ms, one frame of the mix. */
export function frameLength(rate: MixRate): number {
  return rate / 50;
}
