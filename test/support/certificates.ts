import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { newWorkspace } from './workspace.ts';

/** Files of one certificate. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority of the test's own, made with openssl. */
export class Authority {
  readonly folder = newWorkspace('certificates');
  readonly certificate = `${this.folder}/ca.pem`;
  readonly #key = `${this.folder}/ca.key`;

  constructor() {
    const subject = ['-subj', '/CN=test authority', '-days', '2', '-nodes'];
    openssl('req', '-x509', ...CURVE, '-keyout', this.#key, '-out', this.certificate, ...subject);
  }

  /** A certificate for `subjectAltName`, as `DNS:a,IP:127.0.0.1`; the common name is `commonName`. */
  issue(name: string, subjectAltName: string, commonName = name): CertificateFiles {
    const files = { certificate: `${this.folder}/${name}.pem`, key: `${this.folder}/${name}.key` };
    const request = `${this.folder}/${name}.csr`;
    const extensions = `${this.folder}/${name}.ext`;
    writeFileSync(extensions, `subjectAltName=${subjectAltName}\n`);
    openssl('req', ...CURVE, '-nodes', '-keyout', files.key, '-out', request, '-subj', `/CN=${commonName}`);
    const signing = ['-CA', this.certificate, '-CAkey', this.#key, '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', request, '-extfile', extensions, '-out', files.certificate, ...signing);
    return files;
  }
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

function openssl(command: string, ...args: string[]): void {
  execFileSync('openssl', [command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Chain and key in one, as baresip wants its certificate. */
export function bundle({ certificate, key }: CertificateFiles): string {
  return readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8');
}
