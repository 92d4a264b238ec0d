import { utf8 } from '../../../src/base/bytes.ts';
import type { Flow } from '../../../src/sip/ports.ts';

export const FLOW: Flow = {
  transport: 'udp',
  local: { address: '0.0.0.0', port: 5060 },
  remote: { address: '192.0.2.10', port: 5080 },
};

/** A message of the call `callId`; lines of `more` go into its head. */
export function message(start: string, callId: string, more: readonly string[] = [], body = ''): Uint8Array {
  const cseq = start.startsWith('SIP/2.0') ? '1 INVITE' : `1 ${start.split(' ')[0]}`;
  return utf8([start, `Call-ID: ${callId}`, `CSeq: ${cseq}`, ...more, '', body].join('\r\n'));
}

export const INVITE = 'INVITE sip:600@192.0.2.1 SIP/2.0';
