import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CipherContext, HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm } from 'werift';
import type { Fingerprint } from '../../media/protocol.ts';
import { fingerprintOf } from './audit.ts';

/** A certificate with its key, as werift's server takes them; without one of the three it ignores all silently. */
export interface DtlsCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly signatureHash: { readonly hash: 4; readonly signature: 3 };
  readonly fingerprint: Fingerprint;
}

/** Certificate and key as OpenSSL takes them: DER, the key as PKCS #8. */
export function derOf({ certPem, keyPem }: DtlsCertificate): { certificate: Uint8Array; key: Uint8Array } {
  return {
    certificate: new X509Certificate(certPem).raw,
    key: createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' }),
  };
}

/** Makes a self-signed P-256 certificate: 2-5 ms of CPU, once per worker (RFC 8827 section 6.5 asks for no more). */
export async function createCertificate(): Promise<DtlsCertificate> {
  const signatureHash = { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 };
  const made = await CipherContext.createSelfSignedCertificateWithKey(
    signatureHash,
    NamedCurveAlgorithm.secp256r1_23,
  );
  const fingerprint = fingerprintOf(new X509Certificate(made.certPem).raw)!;
  return { certPem: made.certPem, keyPem: made.keyPem, signatureHash, fingerprint };
}
