import { expect, test } from 'vitest';
import { locateTarget } from '../../../src/app/locate.ts';
import { target } from '../trunk/trunks.ts';

test('an address is where it is, at once; the port is the transport\u2019s', () => {
  const found: unknown[] = [];
  locateTarget(target('192.0.2.1', { port: 5080 }), (hops) => found.push(hops));
  locateTarget(target('2001:db8::1', { transport: 'tls' }), (hops) => found.push(hops));
  expect(found).toEqual([
    [{ transport: 'udp', remote: { address: '192.0.2.1', port: 5080 }, name: '192.0.2.1' }],
    [{ transport: 'tls', remote: { address: '2001:db8::1', port: 5061 }, name: '2001:db8::1' }],
  ]);
});

test('a name is looked up; one that does not exist is nowhere', async () => {
  const located = (host: string) =>
    new Promise<readonly { remote: { address: string } }[]>((resolve) => locateTarget(target(host), resolve));
  expect((await located('localhost')).map(({ remote }) => remote.address)).toContain('127.0.0.1');
  expect(await located('nobody.invalid')).toEqual([]);
});
