/** SIP text as the double of a drachtio server reads and writes it. */
import { bodyOf, headerOf } from './hand-peer.ts';

export interface Remote {
  readonly address: string;
  readonly port: number;
}

export function headerLine(lines: readonly string[], name: string): string | undefined {
  const found = lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return found?.slice(found.indexOf(':') + 1).trim();
}

/** As the server does, SDP is known by its first line. */
export function typeOf(lines: readonly string[], body: string): string[] {
  const given = headerLine(lines, 'Content-Type') !== undefined;
  return body.startsWith('v=0') && !given ? ['Content-Type: application/sdp'] : [];
}

export function received(via: string, { address, port }: Remote): string {
  return `${via.replace(/;rport(?=;|$)/, `;rport=${port}`)};received=${address}`;
}

/** A CANCEL, or the ACK of a failure: the INVITE's Via and number. */
export function hopByHop(invite: string, method: string, to: string): string {
  return [
    `${method} ${invite.split(' ')[1]} SIP/2.0`,
    `Via: ${headerOf(invite, 'Via')}`,
    'Max-Forwards: 70',
    `From: ${headerOf(invite, 'From')}`,
    `To: ${to}`,
    `Call-ID: ${headerOf(invite, 'Call-ID')}`,
    `CSeq: ${Number.parseInt(headerOf(invite, 'CSeq'), 10)} ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

export function branchOf(text: string): string {
  return /branch=([^;,\s]+)/.exec(headerOf(text, 'Via'))?.[1] ?? '';
}

export function tagOf(address: string): string {
  return /;tag=([^;]+)/.exec(address)?.[1] ?? '';
}

export function contactOf(text: string): string {
  return /<([^>]+)>/.exec(headerOf(text, 'Contact'))?.[1] ?? '';
}

export function remoteOf(uri: string): Remote {
  const [, address = '127.0.0.1', port = '5060'] = /^sips?:(?:[^@]*@)?([\d.]+):?(\d*)/.exec(uri) ?? [];
  return { address, port: Number(port) };
}

/** A message's parts as the wire protocol needs them. */
export function partsOf(text: string): { startLine: string; headers: string[]; body: string } {
  const [startLine = '', ...lines] = (text.split('\r\n\r\n', 1)[0] ?? '').split('\r\n');
  const headers = lines.filter((line) => line !== '' && !/^content-length:/i.test(line));
  return { startLine, headers, body: text.includes('\r\n\r\n') ? bodyOf(text) : '' };
}
