import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { parseMessage } from '../../../src/sip/parse-message.ts';
import type { SipRequestInfo } from '../../../src/sip/ports.ts';
import { requestInfo } from '../../../src/sip/request-info.ts';
import { parseUri } from '../../../src/sip/uri.ts';
import { callFacts } from '../../../src/trunk/facts.ts';
import { attributesOf, headersOf, mayBeSet } from '../../../src/trunk/headers.ts';
import { type Step, TrunkTable } from '../../../src/trunk/match.ts';
import { phoneParticipant } from '../../../src/trunk/participant.ts';
import { route } from '../../../src/trunk/route.ts';
import type { HeaderMaps, InboundTrunk } from '../../../src/trunk/trunk.ts';
import { rule, trunk } from './trunks.ts';

/** An INVITE as it comes off the wire, with `lines` more. */
function invite(...lines: string[]): SipRequestInfo {
  const text = [
    'INVITE sip:s@192.0.2.1 SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKx',
    'From: "Mallory" <sip:+60111111111@192.0.2.10>;tag=a',
    'To: <sip:+60312345678@192.0.2.1>',
    'Call-ID: c',
    'CSeq: 1 INVITE',
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  const parsed = parseMessage(utf8(text));
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error(text);
  const uri = parseUri(parsed.value.uri);
  if (!uri.ok) throw new Error(uri.error);
  return requestInfo(parsed.value, uri.value, {
    transport: 'udp',
    local: { address: '192.0.2.1', port: 5060 },
    remote: { address: '192.0.2.10', port: 5060 },
  });
}

function decide(change: Partial<InboundTrunk>, ...lines: string[]) {
  const found = route(new TrunkTable([trunk(change)]), [rule()], callFacts(invite(...lines)));
  if (!found.ok) throw new Error(found.refusal);
  return found;
}

describe('the called number', () => {
  const HEADERS = [
    'P-Called-Party-ID: <sip:2000@a>',
    'Diversion: <sip:3001@a>;reason=unconditional, <sip:3000@a>',
    'History-Info: <sip:4000@a>;index=1, <sip:4001@a?Reason=SIP%3Bcause%3D302>;index=1.1',
  ];

  test.each([
    ['request-uri', 's'],
    ['to', '+60312345678'],
    ['p-called-party-id', '2000'],
    ['diversion', '3000'],
    ['history-info', '4000'],
  ] as const)('from %s', (calledNumberFrom, called) => {
    expect(decide({ calledNumberFrom }, ...HEADERS).called).toBe(called);
  });

  test('from the Request-URI when the header is not there or is none', () => {
    expect(decide({ calledNumberFrom: 'diversion' }).called).toBe('s');
    expect(decide({ calledNumberFrom: 'history-info' }, 'History-Info: <').called).toBe('s');
    expect(decide({ calledNumberFrom: 'p-called-party-id' }, 'P-Called-Party-ID: <').called).toBe('s');
  });
});

describe('the caller', () => {
  const PAI = 'P-Asserted-Identity: "Alice" <sip:+60122222222@a>, <tel:+60133333333>';

  test('is From, whatever P-Asserted-Identity claims, unless the trunk vouches for it', () => {
    expect(decide({}, PAI)).toMatchObject({ caller: '+60111111111', display: 'Mallory' });
    expect(decide({ identity: 'asserted' }, PAI)).toMatchObject({ caller: '+60133333333', display: '' });
    expect(decide({ identity: 'asserted' })).toMatchObject({ caller: '+60111111111' });
    expect(decide({ identity: 'asserted' }, 'P-Asserted-Identity: "A" <sip:+601@a>')).toMatchObject({
      caller: '+601',
      display: 'A',
    });
  });

  test.each(['id', 'none;id', 'HEADER', 'user;critical'])('Privacy: %s hides him everywhere', (privacy) => {
    const call = decide({ identity: 'asserted' }, PAI, `Privacy: ${privacy}`);
    // Rules still decide by the number; the room does not see it.
    expect(call.caller).toBe('+60133333333');
    const phone = phoneParticipant(rule(), call, {
      callId: 'SCL_a',
      display: call.display,
      status: 'ringing',
    });
    expect(phone).toMatchObject({ identity: 'sip_SCL_a', name: 'Phone' });
    expect(JSON.stringify([...phone.attributes])).not.toContain('33333');
  });

  test('Privacy: none hides nobody', () => {
    expect(decide({}, 'Privacy: none').hidden).toBe(false);
  });

  test('nothing in these headers makes it throw', () => {
    const text = fc.string({ unit: 'grapheme-ascii' }).map((value) => value.replace(/[\r\n]/g, ' '));
    fc.assert(
      fc.property(text, text, (a, b) => {
        callFacts(invite(`P-Asserted-Identity: ${a}`, `Diversion: ${b}`, `Privacy: ${a}`));
      }),
    );
  });
});

describe('calls for a registration', () => {
  const table = new TrunkTable([trunk({ registration: 'out' })], new Map([['out', 'token-1']]));
  const steps: Step[] = [];
  const call = (requestUser: string) =>
    table.match({ source: '192.0.2.10', requestUser, toUser: '+60312345678', fromUser: '' }, steps);

  test('come for the contact that was registered, and the number stands in To', () => {
    expect(call('token-1')).toMatchObject({ ok: true, called: '+60312345678' });
    expect(call('token-2')).toMatchObject({ refusal: 'no-number' });
    expect(steps).toMatchObject([{}, { why: 'the Request-URI is not what out has registered' }]);
    const none = new TrunkTable([trunk({ registration: 'out' })]);
    expect(
      none.match({ source: '192.0.2.10', requestUser: 'undefined', toUser: '1', fromUser: '' }),
    ).toMatchObject({ refusal: 'no-number' });
  });
});

describe('headers and attributes', () => {
  const maps = (change: Partial<HeaderMaps>): HeaderMaps => ({ ...trunk().headers, ...change });
  const LINES = ['X-Account: 42', 'X-Long: yes', 'Subject: hi', 'P-Asserted-Identity: <sip:1@a>'];
  const of = (change: Partial<HeaderMaps>, ...lines: string[]) =>
    Object.fromEntries(attributesOf(invite(...LINES, ...lines), maps(change)));

  test('by name, all that begin with X-, or all that are not SIP\u2019s own', () => {
    expect(of({})).toEqual({});
    expect(
      of({ headersToAttributes: { 'x-account': 'account', Subject: 'topic', 'X-None': 'none' } }),
    ).toEqual({
      account: '42',
      topic: 'hi',
    });
    expect(of({ includeHeaders: 'x' })).toEqual({ 'sip.h.x-account': '42', 'sip.h.x-long': 'yes' });
    expect(of({ includeHeaders: 'all' })).toEqual({
      'sip.h.x-account': '42',
      'sip.h.x-long': 'yes',
      'sip.h.subject': 'hi',
    });
  });

  test('Identity comes whole, compact or not, or not at all', () => {
    const token = `${'a'.repeat(2000)}.b.c;info=<https://cert.example/x>;alg=ES256;ppt=shaken`;
    expect(of({}, `Identity: ${token}`)).toEqual({ 'sip.h.identity': token });
    expect(of({}, `y: ${token}`)).toEqual({ 'sip.h.identity': token });
    expect(of({}, `Identity: ${token}`, `Identity: ${token}`)['sip.h.identity']).toBe(`${token}, ${token}`);
    expect(of({}, ...Array.from({ length: 5 }, () => `Identity: ${token}`))).toEqual({});
  });

  test('no header forges what is ours', () => {
    const attributes = attributesOf(
      invite('X-Evil: forged'),
      maps({ headersToAttributes: { 'X-Evil': 'sip.trunkID' } }),
    );
    const call = decide({});
    const phone = phoneParticipant(rule(), call, {
      ...{ callId: 'c', display: '', status: 'active', attributes },
    });
    expect(phone.attributes.get('sip.trunkID')).toBe('carrier');
  });

  test('ours: fixed ones, and those of attributes, which stay on their line', () => {
    const ours = maps({ headers: { 'X-A': '1', 'X-B': '2' }, attributesToHeaders: { b: 'X-B', c: 'X-C' } });
    expect(headersOf(ours, new Map())).toEqual([
      ['X-A', '1'],
      ['X-B', '2'],
    ]);
    expect(
      headersOf(
        ours,
        new Map([
          ['b', '3'],
          ['c', 'x\r\nY: z'],
        ]),
      ),
    ).toEqual([
      ['X-A', '1'],
      ['X-B', '3'],
    ]);
    expect(['X-Account', 'Subject'].every(mayBeSet)).toBe(true);
    expect(['Via', 'contact', 'Content-Length', 'Authorization', 'a b', ''].some(mayBeSet)).toBe(false);
  });
});
