import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import type { SipRequestInfo } from '../../../src/sip/ports.ts';
import { formatReferTo, readReferral } from '../../../src/sip/refer.ts';
import { formatReplaces, parseReplaces } from '../../../src/sip/replaces.ts';
import { parseSipfrag, writeSipfrag } from '../../../src/sip/sipfrag.ts';
import { parseEvent, parseSubscriptionState } from '../../../src/sip/subscription.ts';

function refer(headers: Readonly<Record<string, readonly string[]>>): SipRequestInfo {
  const all = (name: string) => headers[name] ?? [];
  return { method: 'REFER', headers: all, header: (name: string) => all(name)[0] } as never;
}

const read = (...referTo: string[]) => readReferral(refer({ 'refer-to': referTo }));
const status = (...referTo: string[]) => {
  const result = read(...referTo);
  return result.ok ? 'ok' : result.error;
};

describe('Refer-To (RFC 3515 section 2.1)', () => {
  test('a number, by SIP and tel URI, with and without brackets', () => {
    for (const value of ['<sip:+60399999999@pbx.example:5080>', 'sip:+60399999999@pbx.example:5080']) {
      expect(read(value)).toMatchObject({
        ok: true,
        value: { target: { user: '+60399999999', port: 5080 } },
      });
    }
    expect(read('<tel:+60399999999>')).toMatchObject({ ok: true, value: { target: { scheme: 'tel' } } });
    expect(read('<sip:1@h;method=INVITE>')).toMatchObject({ ok: true });
  });

  test('missing, doubled, malformed: 400; of a foreign scheme: 416; another method than INVITE: 603', () => {
    expect(status()).toBe(400);
    expect(status('<sip:1@h>', '<sip:2@h>')).toBe(400);
    for (const bad of [
      '',
      '<sip:>',
      'sip:a b',
      '<sip:1@h?Replaces=%zz>',
      '<sip:1@h?Replaces=x>',
      '<sip:1@h>x',
    ])
      expect(status(bad), bad).toBe(400);
    expect(status('<http://example.org/>')).toBe(416);
    expect(status('<sip:1@h;method=BYE>')).toBe(603);
  });

  test('Replaces in it is unescaped and read (RFC 3891 section 6.1)', () => {
    const value = '<sip:c@h?Replaces=12345%40118.3.4.1%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>';
    expect(read(value)).toMatchObject({
      value: {
        replaces: { callId: '12345@118.3.4.1', toTag: '12345', fromTag: '5FFE-3994', earlyOnly: false },
      },
    });
    const two = '<sip:c@h?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>';
    expect(status(two)).toBe(400);
  });

  test('Referred-By is carried as it stood, and malformed refused', () => {
    const by = (...values: string[]) =>
      readReferral(refer({ 'refer-to': ['<sip:1@h>'], 'referred-by': values }));
    expect(by('<sip:a@h>;cid="1@h"')).toMatchObject({ value: { referredBy: '<sip:a@h>;cid="1@h"' } });
    expect(by('<sip:a@h>', '<sip:b@h>')).toEqual({ ok: false, error: 400 });
    expect(by('<sip:')).toEqual({ ok: false, error: 400 });
  });

  const word = fc.stringMatching(/^[!-+\--:=-~]{1,40}$/);
  const tag = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,40}$/);

  test('property: what is written is read again, whatever Call-ID and tags', () => {
    fc.assert(
      fc.property(word, tag, tag, fc.boolean(), (callId, toTag, fromTag, earlyOnly) => {
        const replaces = { callId, toTag, fromTag, earlyOnly };
        expect(parseReplaces(formatReplaces(replaces))).toEqual(replaces);
        expect(read(formatReferTo('sip:c@h', replaces))).toMatchObject({ ok: true, value: { replaces } });
      }),
    );
  });

  test('property: nothing that stands in it throws', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `<sip:a@b?Replaces=${rest}>`),
    );
    fc.assert(
      fc.property(text, fc.string(), (to, by) => {
        readReferral(refer({ 'refer-to': [to], 'referred-by': [by] }));
        parseReplaces(to);
      }),
    );
  });
});

describe('message/sipfrag (RFC 3420)', () => {
  test('the status line, whatever follows it', () => {
    expect(parseSipfrag(utf8('SIP/2.0 100 Trying'))).toEqual({ status: 100, phrase: 'Trying' });
    expect(parseSipfrag(utf8('\r\nSIP/2.0 486 Busy Here\r\nServer: x\r\n'))).toMatchObject({ status: 486 });
    expect(parseSipfrag(utf8('SIP/2.0 200\r\n'))).toEqual({ status: 200, phrase: '' });
    expect(parseSipfrag(writeSipfrag(603))).toEqual({ status: 603, phrase: 'Decline' });
  });

  test('anything else is none', () => {
    for (const bad of ['', 'x', 'SIP/2.0 99 x', 'SIP/2.0 700 x', 'SIP/2.0 2000 x', 'INVITE sip:a SIP/2.0'])
      expect(parseSipfrag(utf8(bad)), bad).toBeUndefined();
  });

  test('property: never throws, and a status is one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (body) => {
        const read = parseSipfrag(body);
        if (read !== undefined) expect(read.status >= 100 && read.status <= 699).toBe(true);
      }),
    );
  });
});

describe('Event and Subscription-State (RFC 6665)', () => {
  test('as they come', () => {
    expect(parseEvent('refer;id=93809824')).toEqual({ package: 'refer', id: '93809824' });
    expect(parseEvent(' Refer ')).toEqual({ package: 'refer', id: undefined });
    expect(parseSubscriptionState('active;expires=60')).toEqual({
      ...{ terminated: false, expires: 60, reason: '' },
    });
    expect(parseSubscriptionState('Terminated;reason=NoResource')).toEqual({
      ...{ terminated: true, expires: undefined, reason: 'noresource' },
    });
    for (const bad of [undefined, '', ';', 'a b', 'active;expires=1;expires=2'])
      expect(parseSubscriptionState(bad)).toBeUndefined();
    expect(parseSubscriptionState('active;expires=x')?.expires).toBeUndefined();
  });

  test('property: nothing throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseEvent(text);
        parseSubscriptionState(text);
      }),
    );
  });
});
