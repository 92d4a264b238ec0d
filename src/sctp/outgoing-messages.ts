import type { Millis } from '../base/clock.ts';

/** A message to be sent over a stream (RFC 9260 section 6), and how much it is worth. */
export interface OutgoingMessage {
  readonly stream: number;
  /** Payload protocol identifier. */
  readonly protocol: number;
  bytes: Uint8Array;
  readonly order: 'ordered' | 'unordered';
  /** Times that it may be sent again (RFC 3758); Infinity: until it comes. */
  readonly maxRetransmits: number;
  /** Whether it comes is not waited for after this time; Infinity: it is. */
  readonly expiresAt: Millis;
}

/** Bytes that may wait. What need not come is soon of no use, and waits for less. */
const MAX_RELIABLE = 4 << 20;
const MAX_LOSSY = 128 << 10;
/** Messages, for those of a few bytes cost more than their bytes. */
const MAX_MESSAGES = 4096;
/** A message that may be lost and was not begun for so long would come too late. */
const LOSSY_WAIT: Millis = 500;

interface Waiting {
  readonly message: OutgoingMessage;
  readonly since: Millis;
}

/** Whether the message comes is what matters, not when. */
export function isReliable({ expiresAt, maxRetransmits }: OutgoingMessage): boolean {
  return maxRetransmits === Number.POSITIVE_INFINITY && expiresAt === Number.POSITIVE_INFINITY;
}

interface Line {
  readonly messages: Waiting[];
  bytes: number;
}

/** Messages that wait for their turn: reliable ones and others in lines of their own, so that a file holds no gesture up. */
export class OutgoingMessages {
  readonly #reliable: Line = { messages: [], bytes: 0 };
  readonly #lossy: Line = { messages: [], bytes: 0 };
  /** Bytes that what may be lost had more than its half, of late. */
  #lossyAhead = 0;

  hasRoom(kind: 'reliable' | 'lossy', bytes: number): boolean {
    return kind === 'reliable'
      ? this.#reliable.messages.length < MAX_MESSAGES && this.#reliable.bytes + bytes <= MAX_RELIABLE
      : this.#lossy.messages.length < MAX_MESSAGES && this.#lossy.bytes + bytes <= MAX_LOSSY;
  }

  /** The caller has asked {@link hasRoom}. */
  push(message: OutgoingMessage, now: Millis): void {
    const line = isReliable(message) ? this.#reliable : this.#lossy;
    line.messages.push({ message, since: now });
    line.bytes += message.bytes.length;
  }

  /** Whose turn it is; what came too late for one is left out. */
  peek(now: Millis): OutgoingMessage | undefined {
    const { messages } = this.#lossy;
    while (messages.length > 0 && !isOfUse(messages[0]!, now)) drop(this.#lossy);
    return this.#turn().messages[0]?.message;
  }

  /** The message that {@link peek} has told is begun. */
  take(): void {
    const line = this.#turn();
    const bytes = drop(line);
    // Each has half of the line while both want it.
    if (this.#reliable.messages.length === 0 || this.#lossy.messages.length === 0) this.#lossyAhead = 0;
    else this.#lossyAhead += line === this.#lossy ? bytes : -bytes;
  }

  clear(): void {
    for (const line of [this.#reliable, this.#lossy]) {
      line.messages.length = 0;
      line.bytes = 0;
    }
  }

  #turn(): Line {
    if (this.#lossy.messages.length === 0) return this.#reliable;
    return this.#reliable.messages.length === 0 || this.#lossyAhead <= 0 ? this.#lossy : this.#reliable;
  }
}

/** Takes the first out. Returns its length. */
function drop(line: Line): number {
  const bytes = line.messages.shift()?.message.bytes.length ?? 0;
  line.bytes -= bytes;
  return bytes;
}

function isOfUse({ message, since }: Waiting, now: Millis): boolean {
  return now <= message.expiresAt && now - since <= LOSSY_WAIT;
}
