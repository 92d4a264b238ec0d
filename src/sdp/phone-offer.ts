import { fail, ok, type Result } from '../base/result.ts';
import { type AudioAgreement, choosePtime, eventFor, type NegotiationFault } from './phone-answer.ts';
import {
  type AudioFormat,
  isCodec,
  OFFERED_DTMF,
  OFFERED_PAYLOAD_TYPES,
  type PhoneCodec,
} from './phone-codec.ts';
import { type Direction, mirrored, type PhoneDescription } from './phone-description.ts';
import { type LocalSession, writePhoneSdp } from './phone-write.ts';

/** Our offer of one audio line: in a 200 when the INVITE had none, in an outgoing INVITE, or again for a refresh. */
export interface PhoneOffer {
  readonly codecs: readonly PhoneCodec[];
  readonly direction: Direction;
}

/** The offer's text; codecs in our order. */
export function writeOffer({ codecs, direction }: PhoneOffer, local: LocalSession): string {
  const formats = codecs.map(offeredFormat);
  return writePhoneSdp(local, [{ protocol: 'RTP/AVP', formats, dtmf: OFFERED_DTMF, ptimeMs: 20, direction }]);
}

/** What the phone's answer makes of our offer: its first codec that we offered (RFC 3264 section 7). */
export function acceptAnswer(
  offer: PhoneOffer,
  answer: PhoneDescription,
): Result<AudioAgreement, NegotiationFault> {
  const audio = answer.lines[0]?.audio;
  if (audio === undefined) return fail('no-audio');
  const codec = audio.formats.find((format) => offer.codecs.some((name) => isCodec(format, name)));
  if (codec === undefined) return fail('no-common-codec');
  const dtmfOut = eventFor(audio, codec);
  return ok({
    remote: { address: audio.address, port: audio.port, rtcpPort: audio.rtcpPort },
    codec,
    // What comes to us bears the numbers of our offer (RFC 3264 section 5.1).
    accept: offer.codecs.map(offeredFormat),
    dtmfOut,
    dtmfIn: dtmfOut === undefined ? undefined : OFFERED_DTMF,
    ptimeMs: choosePtime(audio),
    direction: narrower(offer.direction, mirrored(audio.direction)),
  });
}

function offeredFormat(name: PhoneCodec): AudioFormat {
  const payloadType = OFFERED_PAYLOAD_TYPES[name];
  return { mime: `audio/${name.toLowerCase()}`, clockRate: 8000, channels: 1, payloadType, fmtp: '' };
}

/** What both directions let through. */
function narrower(a: Direction, b: Direction): Direction {
  const sends = (direction: Direction) => direction === 'sendrecv' || direction === 'sendonly';
  const receives = (direction: Direction) => direction === 'sendrecv' || direction === 'recvonly';
  if (sends(a) && sends(b)) return receives(a) && receives(b) ? 'sendrecv' : 'sendonly';
  return receives(a) && receives(b) ? 'recvonly' : 'inactive';
}
