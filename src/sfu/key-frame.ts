import { Vp8Descriptor } from './vp8.ts';

const vp8 = new Vp8Descriptor();

/** A decoder can begin with this payload `bytes[start, end)`. Of formats that are not known here: with any. */
export function beginsKeyFrame(mime: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  switch (mime) {
    case 'video/vp8':
      return vp8.read(bytes, start, end) && vp8.keyFrameStart;
    case 'video/vp9':
      // RFC 9628 section 4.2: P = 0, not predicted; B = 1, a frame begins.
      return (bytes[start]! & 0x48) === 0x08;
    case 'video/av1':
      // "RTP Payload Format For AV1" section 4.4: N, a coded video sequence begins; Z, a part of an OBU goes on.
      return (bytes[start]! & 0x88) === 0x08;
    case 'video/h264':
      return beginsIdr(bytes, start, end);
    default:
      return true;
  }
}

/** RFC 6184 section 5: a sequence parameter set or an IDR slice, alone, in a STAP-A, or at the start of an FU-A. */
function beginsIdr(bytes: Uint8Array, start: number, end: number): boolean {
  const type = bytes[start]! & 0x1f;
  if (type === 24) {
    for (let at = start + 1; at + 2 < end; at += 2 + ((bytes[at]! << 8) | bytes[at + 1]!)) {
      if (isIdrOrSps(bytes[at + 2]! & 0x1f)) return true;
    }
    return false;
  }
  if (type === 28)
    return start + 1 < end && (bytes[start + 1]! & 0x80) !== 0 && isIdrOrSps(bytes[start + 1]! & 0x1f);
  return isIdrOrSps(type);
}

function isIdrOrSps(type: number): boolean {
  return type === 5 || type === 7;
}
