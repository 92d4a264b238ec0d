import type { MediaDescription, SessionDescription } from './parse.ts';

/** The far end of an ICE and DTLS association, as its description has it: every text of it is checked. */
export interface Association {
  readonly ice: { readonly ufrag: string; readonly pwd: string };
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
}

/** Which end opens DTLS (RFC 5763 section 5), as the far end would have it. */
export type Setup = 'active' | 'passive' | 'actpass';

/** Who we are in DTLS: the client has the first word. */
export type DtlsRole = 'client' | 'server';

/** A web phone's end of an association, as it has described it. */
export interface OfferedAssociation extends Association {
  /** `a=setup`; undefined: not said, or something that nobody knows. */
  readonly setup: Setup | undefined;
}

/** What an offer and its answer made of a web phone's association. */
export interface AgreedAssociation extends Association {
  readonly role: DtlsRole;
}

type Bearer = Pick<SessionDescription | MediaDescription, 'iceUfrag' | 'icePwd' | 'fingerprint' | 'setup'>;

const ICE_TEXT = /^[A-Za-z0-9+/]{4,256}$/;
const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){15,63}$/;

/** `a=ice-ufrag` and `a=ice-pwd` (RFC 8839 section 5.4); undefined when they are none. */
export function readIce({ iceUfrag, icePwd }: Bearer): Association['ice'] | undefined {
  const ufrag = String(iceUfrag ?? '');
  const pwd = String(icePwd ?? '');
  return ICE_TEXT.test(ufrag) && ICE_TEXT.test(pwd) && pwd.length >= 22 ? { ufrag, pwd } : undefined;
}

/** `a=fingerprint` (RFC 8122 section 5), of a hash that can be trusted. */
export function readFingerprints({ fingerprint }: Bearer): Association['fingerprints'] | undefined {
  const value = String(fingerprint?.hash ?? '').toUpperCase();
  const algorithm = String(fingerprint?.type ?? '').toLowerCase();
  return FINGERPRINT.test(value) && /^sha-(256|384|512)$/.test(algorithm)
    ? [{ algorithm, value }]
    : undefined;
}

const TLS_ID = /^[A-Za-z0-9+/\-_]{20,255}$/;

/** `a=tls-id` (RFC 8842 section 4); undefined when it is none. The reader keeps it among what it does not know. */
export function readTlsId(invalid: readonly { readonly value: string }[] | undefined): string | undefined {
  const line = invalid?.find(({ value }) => String(value).startsWith('tls-id:'));
  const id = String(line?.value ?? '').slice('tls-id:'.length);
  return TLS_ID.test(id) ? id : undefined;
}

/** `a=setup`; undefined: not said, or something that nobody knows. */
export function readSetup({ setup }: Bearer): Setup | undefined {
  return setup === 'active' || setup === 'passive' || setup === 'actpass' ? setup : undefined;
}
