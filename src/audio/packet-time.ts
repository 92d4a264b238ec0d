import { packetMicros } from './opus-packet.ts';

/** What a packet lasts whose codec does not tell, ms. */
const USUAL_MS = 20;
/** G.711 and G.722: 64 kbit/s. */
const BYTES_PER_MS = 8;

/** How long a voice packet's payload `bytes[start, end)` lasts, ms; `mime` in lower case. */
export function packetMs(mime: string, bytes: Uint8Array, start: number, end: number): number {
  switch (mime) {
    case 'audio/pcma':
    case 'audio/pcmu':
    case 'audio/g722':
      return (end - start) / BYTES_PER_MS;
    case 'audio/opus':
      return packetMicros(bytes, start, end) / 1000 || USUAL_MS;
    default:
      return USUAL_MS;
  }
}
