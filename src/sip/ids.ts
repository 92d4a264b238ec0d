import { randomText } from '../base/ids.ts';
import { formatHostPort, type HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Flow } from './ports.ts';
import { MAGIC_COOKIE } from './via.ts';

/** 16 characters of base 62: 95 bits, so that nobody guesses a response's branch or a dialog's tag. */
const LENGTH = 16;

/** A branch no other request has (RFC 3261 section 8.1.1.7). */
export function newBranch(random: Random): string {
  return MAGIC_COOKIE + randomText(random, LENGTH);
}

/** A tag for From or To (section 19.3). */
export function newTag(random: Random): string {
  return randomText(random, LENGTH);
}

/** A Call-ID without a host: it shall tell nothing (section 8.1.1.4). */
export function newCallId(random: Random): string {
  return randomText(random, 24);
}

/** Our Contact on a flow, with `user` if it has one; in a `secure` dialog a SIPS URI, when the flow is (RFC 3261 section 12.1.1). */
export function contactValue(contact: HostPort, flow: Flow, secure: boolean, user?: string): string {
  const where = `${user === undefined ? '' : `${user}@`}${formatHostPort(contact)}`;
  if (secure && flow.transport === 'tls') return `<sips:${where}>`;
  const transport = flow.transport === 'udp' ? '' : `;transport=${uriTransport(flow)}`;
  return `<sip:${where}${transport}>`;
}

/** RFC 7118 section 5.2: `ws` stands for both kinds of WebSocket. */
function uriTransport({ transport }: Flow): string {
  return transport === 'wss' ? 'ws' : transport;
}
