import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redirectedTargets } from '../../../src/trunk/redirect.ts';
import { outboundTrunk, target } from './trunks.ts';

const trunk = outboundTrunk({
  domain: 'sip.carrier.example:5080',
  targets: [target('10.0.2.1'), target('10.0.2.2')],
});

const places = (contacts: readonly string[], of = trunk, hosts: readonly string[] = ['other.example']) =>
  redirectedTargets(contacts, of, hosts).map(
    ({ user, isOwn, target: { host, port, transport } }) =>
      `${user}@${host}:${port ?? ''}/${transport}${isOwn ? ' own' : ''}`,
  );

it('the most wanted first, of the hosts that are allowed', () => {
  expect(
    places([
      '<sip:1@10.0.2.1>;q=0.2',
      '"Voice, mail" <sip:2@OTHER.example:5070;transport=tcp>;q=0.7',
      'sip:3@10.0.2.2',
      '<sip:4@evil.example>;q=1',
      '<sip:5@sip.carrier.example>;q=0.5',
      '<tel:+60123456789>',
      '<sip:10.0.2.1>',
      'rubbish',
    ]),
  ).toEqual([
    '3@10.0.2.2:/udp own',
    '2@other.example:5070/tcp',
    '5@sip.carrier.example:/udp own',
    '1@10.0.2.1:/udp own',
  ]);
});

it('a trunk over TLS is not led away from it, and none is led to where it cannot go', () => {
  const safe = outboundTrunk({ targets: [target('a.example', { transport: 'tls' })] });
  expect(places(['<sip:1@a.example;transport=udp>', '<sips:2@a.example>'], safe)).toEqual([
    '1@a.example:/tls own',
    '2@a.example:/tls own',
  ]);
  expect(places(['<sips:1@10.0.2.1>', '<sip:2@10.0.2.1;transport=ws>'])).toEqual([]);
});

it('never throws, and looks at a bounded number of Contacts', () => {
  fc.assert(fc.property(fc.array(fc.string()), (contacts) => void places(contacts)));
  fc.assert(fc.property(fc.string(), (text) => void places([`<sip:${text}@10.0.2.1>;q=${text}`])));
  expect(places(Array.from({ length: 1000 }, () => 'sip:1@10.0.2.1')).length).toBe(16);
});
