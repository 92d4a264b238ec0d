/** Whether a call's media are SRTP: what a trunk's policy makes of a phone's lines, and a phone's answer of our keys. */
import { fail, ok, type Result } from '../base/result.ts';
import type { CryptoLine, CryptoSuite } from './crypto.ts';
import { sameKey } from './crypto.ts';
import { type AgreedDtls, answerDtls } from './dtls-roles.ts';
import type { PhoneAudio, PhoneDescription } from './phone-description.ts';

/** LiveKit's SIPMediaEncryption: never, where the phone has it, always; and always by DTLS, never by keys in SDP. */
export type EncryptionPolicy = 'disabled' | 'allowed' | 'required' | 'dtls';

/** SRTP's keys of both directions of a stream. */
export interface CryptoPair {
  readonly local: CryptoLine;
  readonly remote: CryptoLine;
}

/** Our side of SRTP when a phone offers. */
export interface OurEncryption {
  readonly policy: EncryptionPolicy;
  /** The session's keys so far: while the phone keeps its own, ours stay too, and so do the roll-over counters. */
  readonly before: CryptoPair | undefined;
  /** The association so far. */
  readonly dtls: AgreedDtls | undefined;
  /** A value of `a=tls-id` that was never used. */
  newTlsId(): string;
  /** A key of ours that was never used. */
  newKey(suite: CryptoSuite): Pick<CryptoLine, 'key' | 'salt'>;
}

/** Our keys in an offer of ours. */
export interface OfferedEncryption {
  readonly keys: readonly CryptoLine[];
  /** Whether a twin of the line, in the clear, is offered beside it. */
  readonly plain: 'beside' | 'never';
  /** In place of keys: they come by DTLS (RFC 5763), and this is our `a=tls-id`. */
  readonly dtls?: { readonly tlsId: string } | undefined;
}

/** Why media cannot be what the trunk's policy wants. */
export type EncryptionFault =
  /** The phone offers none, and the trunk wants it. */
  | 'encryption-required'
  /** The phone offers nothing else, and the trunk has none. */
  | 'encryption-disabled'
  /** Both want it, and no key line is of use. */
  | 'no-common-crypto';

/** A line that may be answered, with the keys that it would get. */
export interface UsableLine {
  readonly line: number;
  readonly audio: PhoneAudio;
  readonly crypto: CryptoPair | undefined;
  readonly dtls?: AgreedDtls | undefined;
}

/** The lines of an offer that go our way of media, those with keys first where SRTP is allowed. */
export function usableLines(
  offer: PhoneDescription,
  way: 'rtp' | 'ice',
  encryption: OurEncryption | undefined,
): Result<readonly UsableLine[], EncryptionFault> {
  const policy = encryption?.policy ?? 'disabled';
  const wantsKeys = policy !== 'disabled' && way === 'rtp';
  const secured: UsableLine[] = [];
  const plain: UsableLine[] = [];
  let fault: EncryptionFault | undefined;
  for (const [line, { audio }] of offer.lines.entries()) {
    if (audio === undefined || (audio.association === undefined) !== (way === 'rtp')) continue;
    if (wantsKeys && encryption !== undefined) {
      const usable = securedLine(line, audio, encryption);
      if (usable !== undefined) secured.push(usable);
    }
    if (!audio.secured && (!wantsKeys || policy === 'allowed'))
      plain.push({ line, audio, crypto: undefined });
    if (audio.secured) fault = 'no-common-crypto';
    fault ??= 'encryption-required';
  }
  if (fault === undefined || secured.length + plain.length > 0) return ok(joined(secured, plain));
  return fail(policy === 'disabled' ? 'encryption-disabled' : fault);
}

function joined(secured: readonly UsableLine[], plain: readonly UsableLine[]): readonly UsableLine[] {
  return secured.length === 0 ? plain : [...secured, ...plain];
}

/** The line with the keys that it would get; undefined: it has none that the policy wants. */
function securedLine(line: number, audio: PhoneAudio, encryption: OurEncryption): UsableLine | undefined {
  const remote = encryption.policy === 'dtls' ? undefined : audio.crypto[0];
  if (remote !== undefined) return { line, audio, crypto: { local: ourKey(encryption, remote), remote } };
  if (audio.dtls === undefined) return undefined;
  const dtls = answerDtls(audio.dtls, encryption.dtls, () => encryption.newTlsId());
  return { line, audio, crypto: undefined, dtls };
}

/** RFC 4568 section 5.1.2: the answer has the offer's tag and suite, and a key of its own. */
function ourKey({ before, newKey }: OurEncryption, remote: CryptoLine): CryptoLine {
  const { tag, suite, mki } = remote;
  // Who marks packets by their key expects the same of us, in as many bytes.
  if (before !== undefined && sameKey(before.remote, remote)) return { ...before.local, tag, mki };
  return { tag, suite, ...newKey(suite), mki };
}

/** The keys that an answer settles on; undefined: plain RTP. */
export function answeredKeys(
  offered: OfferedEncryption | undefined,
  audio: PhoneAudio,
): Result<CryptoPair | undefined, EncryptionFault> {
  const remote = audio.crypto[0];
  if (offered?.dtls !== undefined) return audio.dtls === undefined ? fail('no-common-crypto') : ok(undefined);
  if (offered === undefined) return audio.secured ? fail('encryption-disabled') : ok(undefined);
  if (remote === undefined) {
    if (audio.secured) return fail('no-common-crypto');
    return offered.plain === 'beside' ? ok(undefined) : fail('encryption-required');
  }
  const local = offered.keys.find(({ tag, suite }) => tag === remote.tag && suite === remote.suite);
  return local === undefined ? fail('no-common-crypto') : ok({ local, remote });
}
