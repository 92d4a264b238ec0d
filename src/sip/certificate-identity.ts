/** Whom a certificate speaks for, and whether that is whom we wanted (RFC 5922). */

/** What a subjectAltName says that matters to SIP. */
export interface CertificateNames {
  /** Hosts of `sip:` URIs without user, lower case (section 7.1). */
  readonly uris: readonly string[];
  /** DNS names, lower case. */
  readonly dns: readonly string[];
  /** Literal addresses. */
  readonly addresses: readonly string[];
}

/**
 * Reads a subjectAltName as Node prints it: `DNS:sip.example.com, URI:sip:example.com, IP Address:192.0.2.1`. A value
 * that could be taken for two stands in quotes as JSON, and names nobody.
 */
export function certificateNames(subjectAltName: string): CertificateNames {
  const uris: string[] = [];
  const dns: string[] = [];
  const addresses: string[] = [];
  for (const [, kind = '', value = ''] of subjectAltName.matchAll(
    /(?:^|, )([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/g,
  )) {
    const text = value.toLowerCase();
    if (text.startsWith('"')) continue;
    if (kind === 'DNS') dns.push(text);
    else if (kind === 'IP Address') addresses.push(text);
    else if (kind === 'URI') {
      // Section 7.1: a URI with a user part is a person's certificate, not a domain's.
      const host = /^sip:([^@;?:/]+)$/.exec(text)?.[1];
      if (host !== undefined) uris.push(host);
    }
  }
  return { uris, dns, addresses };
}

/**
 * Does the certificate speak for `name`, a domain or a literal address (section 7.2)? URIs come first, and DNS names count
 * only when there are none; wildcards never match, and the subject's common name is not looked at.
 */
export function speaksFor(names: CertificateNames, name: string): boolean {
  const wanted = name.toLowerCase().replace(/\.$/, '');
  if (names.addresses.includes(wanted)) return true;
  if (wanted === '' || wanted.includes('*')) return false;
  return (names.uris.length > 0 ? names.uris : names.dns).includes(wanted);
}
