import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

/** A certificate chain and its key, both as PEM text. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** By which messages call them, such as the names of their files. */
  readonly name?: string;
}

/** Certificate and key cannot be used; the message says why, and holds no secret. */
export class CertificateError extends Error {}

interface Entry {
  readonly leaf: X509Certificate;
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
}

/** Our certificates: the first for whoever names no host, the others by the name that the peer asked for (RFC 6066 section 3). */
export class Certificates {
  readonly #ca: string | undefined;
  #entries: readonly Entry[];

  /** `ca`: PEM of those whose signature on a peer's certificate counts; undefined: those that Node knows. Throws {@link CertificateError}. */
  constructor(identities: readonly TlsIdentity[], ca: string | undefined) {
    this.#ca = ca;
    this.#entries = read(identities, ca);
  }

  /** New connections get these from now on; when one cannot be used, a {@link CertificateError} is thrown and nothing changes. */
  replace(identities: readonly TlsIdentity[]): void {
    this.#entries = read(identities, this.#ca);
  }

  /** What to show to somebody who asks for `servername`. */
  contextFor(servername: string): SecureContext {
    const found = this.#entries.find(({ leaf }) => leaf.checkHost(servername) !== undefined);
    return (found ?? this.#first).context;
  }

  /** What to show to somebody who asks for no name, and to servers that we connect to. The same object until `replace`. */
  get fallback(): SecureContextOptions {
    return this.#first.options;
  }

  get #first(): Entry {
    const [first] = this.#entries;
    if (first === undefined) throw new Error('certificates without one');
    return first;
  }
}

function read(identities: readonly TlsIdentity[], ca: string | undefined): Entry[] {
  if (identities.length === 0) throw new CertificateError('no certificate');
  return identities.map(({ certificate, key, name }) => {
    const trusted = ca === undefined ? {} : { ca };
    const options: SecureContextOptions = { cert: certificate, key, minVersion: 'TLSv1.2', ...trusted };
    try {
      return { leaf: new X509Certificate(certificate), options, context: createSecureContext(options) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CertificateError(name === undefined ? why : `${name}: ${why}`);
    }
  });
}
