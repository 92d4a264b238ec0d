/** Who begins DTLS on a phone's RTP port, and whether an association goes on (RFC 5763 section 5, RFC 8842). */
import type { Association, DtlsRole, Setup } from './association.ts';

/** The far end of DTLS-SRTP without ICE, as its description has it. */
export interface DtlsEnd {
  /** Of the certificates that it may have. */
  readonly fingerprints: Association['fingerprints'];
  /** `a=setup`; undefined: not said, or something that nobody knows. */
  readonly setup?: Setup | undefined;
  /** `a=tls-id` (RFC 8842 section 4): another one asks for another association. */
  readonly tlsId?: string | undefined;
}

/** What an offer and its answer made of it. */
export interface AgreedDtls {
  readonly fingerprints: Association['fingerprints'];
  /** Ours: the client begins. */
  readonly role: DtlsRole;
  /** `a=tls-id` of both ends; the phone's only where it has one. */
  readonly ourId: string;
  readonly theirId: string | undefined;
}

/** What an answer of ours makes of a phone's offer: with `actpass` what stands stays (RFC 8842 section 5.3), else we wait. */
export function answerDtls(
  theirs: DtlsEnd,
  standing: AgreedDtls | undefined,
  newId: () => string,
): AgreedDtls {
  const { fingerprints, setup, tlsId: theirId } = theirs;
  const isSameEnd = standing !== undefined && isSame(standing, theirs);
  const role = answeringRole(setup, isSameEnd ? standing.role : undefined);
  const ourId = isSameEnd && role === standing.role ? standing.ourId : newId();
  return { fingerprints, role, ourId, theirId };
}

/** Our role in an answer to who offers `setup`; `standing`: that of the association which goes on, if one does. */
export function answeringRole(setup: Setup | undefined, standing: DtlsRole | undefined): DtlsRole {
  if (setup === 'passive') return 'client';
  return setup === 'actpass' ? (standing ?? 'server') : 'server';
}

/**
 * Our role once our offer of `actpass` is answered. RFC 4145 section 4: who does not say is passive; `actpass` is no answer, and
 * comes from those who begin all the same.
 */
export function answeredRole(setup: Setup | undefined): DtlsRole {
  return setup === 'passive' || setup === undefined ? 'client' : 'server';
}

/** What a phone's answer makes of our offer of DTLS without ICE. */
export function answeredDtls({ fingerprints, setup, tlsId: theirId }: DtlsEnd, ourId: string): AgreedDtls {
  return {
    ...{ fingerprints, ourId, theirId },
    role: answeredRole(setup),
  };
}

function isSame(standing: AgreedDtls, theirs: DtlsEnd): boolean {
  const text = (fingerprints: AgreedDtls['fingerprints']) =>
    fingerprints.map(({ algorithm, value }) => `${algorithm} ${value}`).join();
  return standing.theirId === theirs.tlsId && text(standing.fingerprints) === text(theirs.fingerprints);
}
