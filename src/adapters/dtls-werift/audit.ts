import { createHash, createHmac, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import type { DtlsRejection } from '../../media/dtls-port.ts';
import type { Fingerprint } from '../../media/protocol.ts';
import { HandshakeType } from './handshake-fragments.ts';

/** One handshake message of either side, as the transcript hash takes it: with its header, unfragmented. */
export interface TranscriptMessage {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
}

/** What a finished handshake left behind. */
export interface HandshakeEvidence {
  /** From the ClientHello, that with the cookie if there was one, to the client's Finished, in order. */
  readonly transcript: readonly TranscriptMessage[];
  readonly masterSecret: Uint8Array;
  /** DER. */
  readonly remoteCertificate: Uint8Array | undefined;
  readonly fingerprints: readonly Fingerprint[];
}

const FINGERPRINT_HASHES = new Map([
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
]);
const SIGNATURE_HASHES = new Map([
  [4, 'sha256'],
  [5, 'sha384'],
  [6, 'sha512'],
]);
const RSA = 1;
const ECDSA = 3;

/**
 * Checks what werift does not: that the certificate is one that signaling named, that the peer has its key, and that both
 * saw the same handshake. Undefined when all is well; else the keys must not be used.
 */
export function auditHandshake(evidence: HandshakeEvidence): DtlsRejection | undefined {
  const certificate = evidence.remoteCertificate;
  if (certificate === undefined) return 'no-certificate';
  if (!evidence.fingerprints.some((fingerprint) => isFingerprintOf(fingerprint, certificate)))
    return 'fingerprint';
  const verifyAt = evidence.transcript.findIndex(
    (message) => message.type === HandshakeType.certificateVerify,
  );
  const finishedAt = evidence.transcript.findIndex((message) => message.type === HandshakeType.finished);
  if (
    verifyAt < 0 ||
    !isSigned(
      evidence.transcript.slice(0, verifyAt).map(({ bytes }) => bytes),
      evidence.transcript[verifyAt]!.body,
      certificate,
    )
  ) {
    return 'certificate-verify';
  }
  // The Finished is over all before it, the CertificateVerify included.
  if (finishedAt !== verifyAt + 1) return 'finished';
  const expected = verifyData(
    evidence.masterSecret,
    'client finished',
    evidence.transcript.slice(0, finishedAt),
  );
  return isSame(evidence.transcript[finishedAt]!.body, expected) ? undefined : 'finished';
}

/**
 * What a server must show before it is answered: the certificate that signaling named, and that its key has signed the key exchange
 * of this handshake (RFC 8422 section 5.4). It is told of each of its messages in their order.
 */
export class ServerProof {
  #random: Uint8Array = new Uint8Array();
  #certificate: Uint8Array = new Uint8Array();

  /** Why the handshake ends with this message; undefined: it goes on. `message` is whole, with its header. */
  take(
    message: Uint8Array,
    clientRandom: Uint8Array,
    fingerprints: readonly Fingerprint[],
  ): DtlsRejection | undefined {
    const body = message.subarray(12);
    switch (message[0]) {
      case HandshakeType.serverHello:
        // Behind two bytes of version.
        this.#random = body.subarray(2, 34);
        return undefined;
      case HandshakeType.certificate: {
        // The length of the chain, then the first certificate's, each of three bytes (RFC 5246 section 7.4.2).
        const length = body.length < 6 ? 0 : (body[3]! << 16) | (body[4]! << 8) | body[5]!;
        const certificate = body.subarray(6, 6 + length);
        if (length === 0 || certificate.length < length) return 'no-certificate';
        this.#certificate = certificate;
        return fingerprints.some((one) => isFingerprintOf(one, certificate)) ? undefined : 'fingerprint';
      }
      case HandshakeType.serverKeyExchange: {
        // Type of curve, its name, the length of the public key, the key; the signature is behind.
        const signedLength = 4 + (body[3] ?? 0);
        const signed = [clientRandom, this.#random, body.subarray(0, signedLength)];
        const isTheirs = isSigned(signed, body.subarray(signedLength), this.#certificate);
        return isTheirs ? undefined : 'certificate-verify';
      }
      default:
        return undefined;
    }
  }
}

/** Of equal bytes, in constant time. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** RFC 8122 section 5: the hash of the DER form, as upper-case hex pairs with colons. */
export function fingerprintOf(certificate: Uint8Array, algorithm = 'sha-256'): Fingerprint | undefined {
  const hash = FINGERPRINT_HASHES.get(algorithm);
  if (hash === undefined) return undefined;
  const digest = createHash(hash).update(certificate).digest('hex').toUpperCase();
  return { algorithm, value: digest.replace(/..(?=.)/g, '$&:') };
}

function isFingerprintOf(fingerprint: Fingerprint, certificate: Uint8Array): boolean {
  const actual = fingerprintOf(certificate, fingerprint.algorithm.toLowerCase());
  return actual !== undefined && actual.value === fingerprint.value.toUpperCase();
}

/** RFC 5246 section 4.7: hash and signature algorithm, then the signature over `signed`. */
function isSigned(signed: readonly Uint8Array[], body: Uint8Array, certificate: Uint8Array): boolean {
  if (body.length < 4) return false;
  const hash = SIGNATURE_HASHES.get(body[0]!);
  const length = (body[2]! << 8) | body[3]!;
  if (hash === undefined || body.length !== 4 + length) return false;
  try {
    const key = new X509Certificate(certificate).publicKey;
    const wanted = body[1] === ECDSA ? 'ec' : body[1] === RSA ? 'rsa' : undefined;
    if (key.asymmetricKeyType !== wanted) return false;
    return verify(hash, Buffer.concat(signed), key, body.subarray(4));
  } catch {
    // A certificate or key that OpenSSL cannot read.
    return false;
  }
}

/** RFC 5246 sections 5 and 7.4.9: 12 bytes of PRF over the hash of the messages. */
export function verifyData(
  masterSecret: Uint8Array,
  label: string,
  messages: readonly TranscriptMessage[],
): Buffer {
  const digest = createHash('sha256')
    .update(Buffer.concat(messages.map((message) => message.bytes)))
    .digest();
  const seed = Buffer.concat([Buffer.from(label), digest]);
  const first = createHmac('sha256', masterSecret).update(seed).digest();
  return createHmac('sha256', masterSecret).update(first).update(seed).digest().subarray(0, 12);
}
