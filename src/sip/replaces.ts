/** The Replaces header (RFC 3891 section 6.1): names a dialog whose place a new one takes. */
import { isToken, parseParams } from './grammar.ts';

/** `toTag` is the tag of who receives the header, `fromTag` that of his far end. */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  /** Only while it is not answered. */
  readonly earlyOnly: boolean;
}

/** Longer ones are no Call-ID and no tag of anybody's. */
const MAX_LENGTH = 1024;

/** Undefined when it is malformed: the request that carries it is (400). */
export function parseReplaces(value: string): Replaces | undefined {
  if (value.length > MAX_LENGTH) return undefined;
  const semicolon = value.indexOf(';');
  const callId = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  const params = semicolon < 0 ? undefined : parseParams(value, semicolon);
  const toTag = params?.get('to-tag') ?? '';
  const fromTag = params?.get('from-tag') ?? '';
  if (!isCallId(callId) || !isToken(toTag) || !isToken(fromTag)) return undefined;
  return { callId, toTag, fromTag, earlyOnly: params?.has('early-only') === true };
}

export function formatReplaces({ callId, toTag, fromTag, earlyOnly }: Replaces): string {
  return `${callId};to-tag=${toTag};from-tag=${fromTag}${earlyOnly ? ';early-only' : ''}`;
}

/** `word [ "@" word ]` (RFC 3261 section 25.1), as far as it can hurt: one piece, visible, nothing that ends it. */
function isCallId(text: string): boolean {
  return /^[\x21-\x2b\x2d-\x3a\x3c-\x7e]+$/.test(text);
}
