/** The SIP text that the drachtio server hands over, read by the same parser as the embedded engine's. */
import { utf8 } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import type { SipMessage, SipRequest, SipResponse } from '../../sip/message.ts';
import { type ParseFault, parseMessage } from '../../sip/parse-message.ts';

/** The message, or why it is none. */
export function readMessage(text: string): Result<SipMessage, ParseFault> {
  return parseMessage(utf8(text));
}

/** Undefined when it is no request. */
export function readRequest(text: string): SipRequest | undefined {
  const parsed = readMessage(text);
  return parsed.ok && parsed.value.kind === 'request' ? parsed.value : undefined;
}

/** Undefined when it is no response. */
export function readResponse(text: string): SipResponse | undefined {
  const parsed = readMessage(text);
  return parsed.ok && parsed.value.kind === 'response' ? parsed.value : undefined;
}
