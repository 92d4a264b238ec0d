import { StunMessage } from '../stun/message.ts';
import { Attribute } from '../stun/registry.ts';

/**
 * Which local ufrag a Binding request names: the part of USERNAME before the colon (RFC 8445 section 7.2.2). Only a
 * hint for a mux that must find the transport: nothing is verified here, {@link IceLite.check} does. Undefined for
 * all that is no Binding request with such a USERNAME.
 */
export function requestedUfrag(bytes: Uint8Array): string | undefined {
  // A Binding request, and nothing else, starts 0x0001: cheaper to see than to parse.
  if (bytes[0] !== 0 || bytes[1] !== 1) return undefined;
  const parsed = StunMessage.parse(bytes);
  if (!parsed.ok) return undefined;
  return splitUsername(parsed.value.attribute(Attribute.username))?.local;
}

/** USERNAME of a check cut at its first colon. ice-char is ASCII (RFC 8445 section 5.3), 4 … 256 of each. */
export function splitUsername(value: Uint8Array | undefined): { local: string; remote: string } | undefined {
  if (value === undefined || value.length > 513) return undefined;
  const colon = value.indexOf(0x3a);
  if (colon < 4 || colon > 256 || value.length - colon - 1 < 4) return undefined;
  let text = '';
  for (const byte of value) {
    if (byte < 0x21 || byte > 0x7e) return undefined;
    text += String.fromCharCode(byte);
  }
  return { local: text.slice(0, colon), remote: text.slice(colon + 1) };
}
