import { readFileSync } from 'node:fs';
import { CertificateError, Certificates, type TlsIdentity } from '../adapters/tcp/certificates.ts';
import { watchFiles } from '../adapters/tcp/watch-files.ts';
import type { EventSink } from '../events/index.ts';
import type { Config } from './config/schema.ts';
import { listenAddress } from './local-addresses.ts';
import type { SipTls } from './sip-server.ts';
import { StartupError } from './startup-error.ts';

/** How often the files are looked at, ms. */
const LOOK_MS = 2000;

type SipTlsConfig = Config['sip_tls'];

/** Which files hold our certificates, and the authorities that peers' are checked by. */
interface CertificateFiles {
  readonly certificates: SipTlsConfig['certificates'];
  readonly ca_file?: string | undefined;
}

/** TLS as it is configured, with certificates that follow their files. */
export interface ConfiguredTls extends SipTls {
  /** Looks at the files no more. */
  close(): void;
}

/** Undefined when no certificate is configured. Throws a StartupError when one cannot be used. */
export function openSipTls(
  { sip, sip_tls }: Pick<Config, 'sip' | 'sip_tls'>,
  emit: EventSink,
): ConfiguredTls | undefined {
  if (sip_tls.certificates.length === 0) return undefined;
  return {
    ...openCertificates('sip_tls', sip_tls, emit),
    listen: { address: listenAddress(sip.address), port: sip_tls.port },
    clientCertificates: sip_tls.client_certificates,
    verify: sip_tls.verify_peers ? 'peer' : 'skip',
  };
}

/**
 * Reads the certificates of section `setting` and reads them again when a file changes: new connections get the new ones, those
 * that are up stay. Files that cannot be used, half written ones too, change nothing. Throws a StartupError.
 */
export function openCertificates(
  setting: 'sip_tls' | 'tls',
  config: CertificateFiles,
  emit: EventSink,
  lookMs = LOOK_MS,
): Pick<ConfiguredTls, 'certificates' | 'close'> {
  const certificates = loaded(setting, () => new Certificates(identitiesOf(config), authoritiesOf(config)));
  const paths = config.certificates.flatMap((each) => [each.certificate_file, each.key_file]);
  const stop = watchFiles(paths, lookMs, () => {
    try {
      certificates.replace(identitiesOf(config));
      emit({ type: 'certificates.loaded', count: config.certificates.length });
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      emit({ type: 'certificates.refused', reason: error.message });
    }
  });
  return { certificates, close: stop };
}

/** Messages name the key of the configuration and the files. */
function loaded(setting: string, load: () => Certificates): Certificates {
  try {
    return load();
  } catch (error) {
    if (error instanceof CertificateError)
      throw new StartupError(`${setting}.certificates: ${error.message}`);
    throw error;
  }
}

function identitiesOf(config: CertificateFiles): TlsIdentity[] {
  return config.certificates.map(({ certificate_file, key_file }) => ({
    certificate: textOf(certificate_file),
    key: textOf(key_file),
    name: `${certificate_file} with ${key_file}`,
  }));
}

function authoritiesOf(config: CertificateFiles): string | undefined {
  return config.ca_file === undefined ? undefined : textOf(config.ca_file);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CertificateError(error instanceof Error ? error.message : String(error));
  }
}
