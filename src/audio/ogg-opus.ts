/** Opus in Ogg (RFC 7845) to samples, through whatever decodes Opus. */
import { fail, ok, type Result } from '../base/result.ts';
import type { VoiceDecoder } from './codec.ts';
import { type OggFault, parseOgg } from './ogg.ts';
import type { Sound } from './wav.ts';

export type OggOpusFault = OggFault | 'not-opus' | 'too-long';

/** Ticks of Opus' granule positions and pre-skip a second (RFC 7845 section 4). */
const GRANULE_RATE = 48_000;
/** Samples of the longest packet, 120 ms. */
const LONGEST_MS = 120;

/**
 * Decodes a whole file with `decoder`, which nobody else uses. Pre-skip and the end that the last page names are cut off
 * (RFC 7845 section 4.2, 4.4); a packet that cannot be decoded is passed over. `longestMs`: files above it are refused.
 */
export function readOggOpus(
  bytes: Uint8Array,
  decoder: VoiceDecoder,
  longestMs: number,
): Result<Sound, OggOpusFault> {
  const ogg = parseOgg(bytes);
  if (!ogg.ok) return ogg;
  const [head, , ...audio] = ogg.value.packets;
  if (head === undefined || !isOpusHead(head)) return fail('not-opus');
  const rate = decoder.sampleRate;
  const skip = Math.round(((head[10]! | (head[11]! << 8)) * rate) / GRANULE_RATE);
  const end = Math.round((ogg.value.granule * rate) / GRANULE_RATE);
  const count = audio.reduce((sum, packet) => sum + decoder.samplesIn(packet), 0);
  if (count > (longestMs * rate) / 1000) return fail('too-long');
  // Room for the longest packet behind the end: decoders refuse what might not fit.
  const samples = new Int16Array(count + (LONGEST_MS * rate) / 1000);
  let at = 0;
  for (const packet of audio) at += Math.max(0, decoder.decode(packet, samples, at));
  const last = end > skip ? Math.min(at, end) : at;
  return ok({ rate, samples: samples.slice(Math.min(skip, last), last) });
}

/** `OpusHead`, major version 0 (RFC 7845 section 5.1). */
function isOpusHead(packet: Uint8Array): boolean {
  return (
    packet.length >= 19 && String.fromCharCode(...packet.subarray(0, 8)) === 'OpusHead' && packet[8]! < 16
  );
}
