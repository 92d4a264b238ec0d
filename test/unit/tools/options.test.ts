import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCarrierOptions } from '../../../src/app/tools/carrier-options.ts';
import { parsePhoneOptions } from '../../../src/app/tools/phone-options.ts';
import { parseTarget, resolveTarget, targetUri } from '../../../src/app/tools/target.ts';

describe('a target', () => {
  test('needs no scheme and no port', () => {
    const target = { user: 'lobby', host: '127.0.0.1', port: 5060, transport: 'udp' };
    for (const text of ['sip:lobby@127.0.0.1', 'lobby@127.0.0.1', 'SIP:lobby@127.0.0.1:5060']) {
      expect(parseTarget(text)).toEqual({ ok: true, value: target });
    }
  });

  test('keeps its transport and an IPv6 literal', () => {
    const parsed = parseTarget('sip:+60312345678@[::1]:5070;transport=tcp');
    if (!parsed.ok) throw new Error(parsed.error);
    expect(parsed.value).toEqual({ user: '+60312345678', host: '::1', port: 5070, transport: 'tcp' });
    expect(parseTarget(targetUri(parsed.value))).toEqual(parsed);
  });

  test.each([
    ['sips:lobby@host', /only sip/],
    ['tel:123', /only sip/],
    ['sip:127.0.0.1', /names nobody/],
    ['sip:lobby@host;transport=sctp', /udp or tcp/],
    ['sip:@@', /no SIP URI/],
  ])('%s is refused in words', (text, words) => {
    expect(parseTarget(text)).toEqual({ ok: false, error: expect.stringMatching(words) });
  });

  test('a literal address needs no resolver', async () => {
    const target = { user: 'a', host: '::1', port: 5070, transport: 'udp' } as const;
    expect(await resolveTarget(target)).toEqual({ address: '::1', port: 5070 });
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseTarget(text).ok === 'boolean'));
  });
});

describe('the phone', () => {
  test('greets, offers both codecs and dials over UDP by itself', () => {
    expect(parsePhoneOptions(['sip:lobby@127.0.0.1'])).toMatchObject({
      ok: true,
      value: {
        codecs: ['PCMA', 'PCMU'],
        port: 0,
        seconds: undefined,
        speech: { kind: 'say' },
        target: { transport: 'udp' },
      },
    });
  });

  test('takes every option', () => {
    const args =
      'sip:a@b --tone 440 --record o.wav --codec pcmu --port 5070 --transport tcp --seconds 3 --dtmf 12# --from 99';
    expect(parsePhoneOptions(args.split(' '))).toMatchObject({
      ok: true,
      value: {
        speech: { kind: 'tone', hz: 440 },
        record: 'o.wav',
        codecs: ['PCMU'],
        port: 5070,
        seconds: 3,
        dtmf: '12#',
        from: '99',
        target: { transport: 'tcp' },
      },
    });
  });

  test.each([
    [[], /whom to dial/],
    [['a@b', 'c@d'], /one target only/],
    [['a@b', '--tone', '440', '--say', 'x'], /only one of/],
    [['a@b', '--tone', '5000'], /20 to 3900/],
    [['a@b', '--codec', 'G729'], /PCMA, PCMU, G722, OPUS/],
    [['a@b', '--port', '70000'], /0 to 65535/],
    [['a@b', '--dtmf', '12X'], /--dtmf/],
    [['a@b', '--loud'], /--loud/],
  ])('%j is refused in words', (args, words) => {
    expect(parsePhoneOptions(args)).toEqual({ ok: false, error: expect.stringMatching(words) });
  });
});

describe('the carrier', () => {
  test('puts four calls into a room by itself', () => {
    expect(parseCarrierOptions(['--calls', '50'])).toMatchObject({
      ok: true,
      value: { rooms: 13, rate: 5, codec: 'PCMA' },
    });
  });

  test.each([
    [['--calls', '0'], /--calls/],
    [['--calls', '2', '--rooms', '3'], /--rooms/],
    [['--rate', 'fast'], /--rate/],
    [['50'], /50/],
  ])('%j is refused in words', (args, words) => {
    expect(parseCarrierOptions(args)).toEqual({ ok: false, error: expect.stringMatching(words) });
  });
});
