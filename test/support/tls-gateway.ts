import { Authority } from './certificates.ts';
import { freePortBlock } from './free-ports.ts';
import { Gateway, writeConfiguration } from './gateway.ts';

/** A gateway with a certificate for `localhost`: HTTPS, with TURN on the same port, and TURN over TLS on one of its own. */
export interface TlsGateway {
  readonly gateway: Gateway;
  /** Who signed the certificate. */
  readonly authority: Authority;
  readonly httpsPort: number;
  readonly turnPort: number;
}

export async function startTlsGateway(): Promise<TlsGateway> {
  const authority = new Authority();
  const httpsPort = await freePortBlock(2);
  const turnPort = httpsPort + 1;
  const { certificate, key } = authority.issue('localhost', 'DNS:localhost');
  const configuration = writeConfiguration(`
tls:
  domain: localhost
  https_port: ${httpsPort}
  turn_port: ${turnPort}
  certificates:
    - { certificate_file: ${certificate}, key_file: ${key} }
`);
  const gateway = await Gateway.start({}, ['--config', configuration]);
  return { gateway, authority, httpsPort, turnPort };
}
