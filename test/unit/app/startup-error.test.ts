import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BindError } from '../../../src/adapters/udp/udp.ts';
import { openCertificates } from '../../../src/app/sip-tls.ts';
import { listening, StartupError } from '../../../src/app/startup-error.ts';
import { Authority } from '../../support/certificates.ts';

test.each([
  ['EADDRNOTAVAIL', 'no interface of this machine has that address'],
  ['EACCES', 'it is not permitted: ports below 1024 are for root, or who has CAP_NET_BIND_SERVICE'],
  ['EWHATEVER', 'EWHATEVER'],
])('a port that cannot be opened: %s', async (code, words) => {
  const open = () => Promise.reject(new BindError(code, { address: '203.0.113.5', port: 80 }));
  await expect(listening('turn.port', open)).rejects.toEqual(
    new StartupError(`turn.port: UDP port 80 on 203.0.113.5 cannot be opened: ${words}`),
  );
});

test('certificates that cannot be used are named by their files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const [nonsense, nowhere] = [join(folder, 'nonsense.pem'), join(folder, 'nowhere.pem')];
  writeFileSync(nonsense, 'nonsense');
  const authority = new Authority();
  const [one, other] = [authority.issue('one', 'DNS:one'), authority.issue('other', 'DNS:other')];
  const opening = (certificate_file: string, key_file: string) => () =>
    openCertificates('tls', { certificates: [{ certificate_file, key_file }] }, () => {}).close();
  expect(opening(one.certificate, one.key)).not.toThrow();
  expect(opening(nowhere, one.key)).toThrow(/^tls\.certificates: ENOENT.*nowhere\.pem/);
  expect(opening(nonsense, one.key)).toThrow(`tls.certificates: ${nonsense} with ${one.key}: `);
  expect(opening(one.certificate, other.key)).toThrow(
    `tls.certificates: ${one.certificate} with ${other.key}: `,
  );
});
