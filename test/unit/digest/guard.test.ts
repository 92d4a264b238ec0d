import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { type Account, DigestClient, type Withheld } from '../../../src/sip/digest/client.ts';
import { DigestGuard, type GuardedAccount } from '../../../src/sip/digest/guard.ts';
import type { Challenged, ExtraHeaders, SipRequestInfo } from '../../../src/sip/ports.ts';
import { SeededRandom } from '../../support/lossy-net.ts';

const ACCOUNT: GuardedAccount = {
  id: 'carrier',
  username: 'user',
  password: 'secret',
  realm: 'trunkroom',
  algorithms: ['MD5'],
};
const URI = 'sip:600@192.0.2.1';
const BODY = utf8('v=0\r\n');

/** A request that carries `credentials`. */
function invite(
  credentials: ExtraHeaders = [],
  change: { source?: string; user?: string } = {},
): SipRequestInfo {
  const uri = {
    scheme: 'sip' as const,
    user: change.user ?? '600',
    host: '192.0.2.1',
    port: undefined,
    params: new Map(),
  };
  const party = { display: '', uri, params: new Map() };
  const values = credentials.filter(([name]) => name === 'Authorization').map(([, value]) => value);
  return {
    ...{ method: 'INVITE', uri, from: party, to: party, callId: 'c', body: BODY, contentType: '' },
    flow: {
      transport: 'udp',
      local: { address: '192.0.2.1', port: 5060 },
      remote: { address: change.source ?? '192.0.2.10', port: 5060 },
    },
    header: () => values[0],
    headers: () => values,
    headerNames: [],
  };
}

function client(change: Partial<Account> = {}) {
  const withheld: [Withheld, string][] = [];
  const account = { username: 'user', password: 'secret', realms: ['trunkroom'], ...change };
  const random = new SeededRandom(7);
  const digest = new DigestClient({
    ...{ account, digests: nodeDigests, random },
    onWithheld: (why, realm) => withheld.push([why, realm]),
  });
  const answer = (challenges: readonly string[], status: 401 | 407 = 401, tries = 0) =>
    digest.authenticate(challenged(challenges, status, tries));
  return { digest, withheld, answer };
}

function challenged(challenges: readonly string[], status: 401 | 407 = 401, tries = 0): Challenged {
  const remote = { address: '192.0.2.10', port: 5060 };
  return { status, method: 'INVITE', uri: URI, body: BODY, challenges, remote, tries };
}

function world(change: Partial<GuardedAccount> = {}) {
  const account = { ...ACCOUNT, ...change };
  const guard = new DigestGuard(nodeDigests, new SeededRandom(1));
  let now = 5000;
  const check = (request: SipRequestInfo) => guard.check(request, account, now);
  const challenges = (request = invite()) => {
    const verdict = check(request);
    return verdict.ok ? [] : verdict.challenges.map(([, value]) => value);
  };
  const why = (request: SipRequestInfo) => {
    const verdict = check(request);
    return verdict.ok ? 'ok' : verdict.why;
  };
  return {
    guard,
    challenges,
    why,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('a challenge and its answer', () => {
  test.each(['MD5', 'SHA-256', 'SHA-512-256'] as const)('%s', (algorithm) => {
    const { challenges, why } = world({ algorithms: [algorithm] });
    expect(challenges()).toEqual([
      expect.stringMatching(
        new RegExp(`^Digest realm="trunkroom", nonce="[0-9a-f]{52}", algorithm=${algorithm}, qop="auth"$`),
      ),
    ]);
    const credentials = client().answer(challenges())!;
    expect(credentials[0]![1]).toContain(`algorithm=${algorithm}`);
    expect(why(invite(credentials))).toBe('ok');
  });

  test('several algorithms: the first that the client has, and the header says which', () => {
    const { challenges, why } = world({ algorithms: ['SHA-256', 'MD5'] });
    const all = challenges();
    expect(all).toHaveLength(2);
    expect(client().answer(all)![0]![1]).toContain('algorithm=SHA-256');
    expect(
      client().answer(['Digest realm="trunkroom", nonce="n", algorithm=X-NEW', all[1]!])![0]![1],
    ).toContain('algorithm=MD5');
    expect(why(invite(client().answer(all)))).toBe('ok');
  });

  test('auth-int where nothing else is offered', () => {
    const { challenges, why } = world();
    const strict = challenges().map((value) => value.replace('qop="auth"', 'qop="auth-int"'));
    const credentials = client().answer(strict)!;
    expect(credentials[0]![1]).toContain('qop=auth-int');
    expect(why(invite(credentials))).toBe('ok');
    const again = client().answer(
      challenges().map((value) => value.replace('qop="auth"', 'qop="auth-int"')),
    )!;
    expect(why({ ...invite(again), body: utf8('other') })).toBe('wrong');
  });

  test('a proxy and a server each get their answer', () => {
    const one = client({ realms: ['trunkroom', 'proxy'] });
    one.answer(['Digest realm="proxy", nonce="p", qop="auth"'], 407);
    const both = one.answer(['Digest realm="trunkroom", nonce="s"'], 401)!;
    expect(both.map(([name]) => name)).toEqual(['Proxy-Authorization', 'Authorization']);
    expect(both[0]![1]).toContain('nc=00000002');
    // RFC 2069: no qop was offered, none is claimed.
    expect(both[1]![1]).not.toMatch(/qop|nc=|cnonce/);
  });

  test('opaque comes back, quotes are kept, and no user name breaks out of its header', () => {
    const { answer } = client({ username: 'a"b\\c\r\nX: y' });
    const value = answer(['Digest realm="trunkroom", nonce="n", opaque="o\\"p", qop="auth"'])![0]![1];
    expect(value).toContain('opaque="o\\"p"');
    expect(value).toContain('username="a\\"b\\\\c  X: y"');
  });
});

describe('what the client keeps to itself', () => {
  test('credentials of another realm than the account\u2019s', () => {
    const { answer, withheld } = client();
    expect(answer(['Digest realm="evil\r\n", nonce="n"'])).toBeUndefined();
    expect(answer(['Digest realm="other", nonce="n"'])).toBeUndefined();
    expect(withheld).toEqual([
      ['unsupported', ''],
      ['foreign-realm', 'other'],
    ]);
  });

  test('an answer to what it cannot read', () => {
    const { answer, withheld } = client();
    for (const value of ['Basic realm="trunkroom"', 'Digest realm="trunkroom"', 'Digest nonce="n"', '']) {
      expect(answer([value])).toBeUndefined();
    }
    expect(answer(['Digest realm="trunkroom", nonce="n", qop="auth-conf"'])).toBeUndefined();
    expect(answer([])).toBeUndefined();
    expect(new Set(withheld.map(([why]) => why))).toEqual(new Set(['unsupported']));
  });

  test('the same wrong answer twice; a nonce gone stale is answered again, not for ever', () => {
    const { answer, digest, withheld } = client();
    const again = (nonce: string, tries: number, stale = '') =>
      answer([`Digest realm="trunkroom", nonce="${nonce}"${stale}`], 401, tries);
    expect(again('a', 0)).toBeDefined();
    expect(again('b', 1)).toBeUndefined();
    expect(withheld).toEqual([['refused', 'trunkroom']]);
    // What was refused is not sent ahead again.
    expect(digest.headers(challenged([]))).toEqual([]);
    expect(again('c', 1, ', stale=true')).toBeDefined();
    expect(again('d', 2, ', stale=true')).toBeUndefined();
    // Another request is a new question.
    expect(again('e', 0)).toBeDefined();
    digest.forget();
    expect(digest.headers(challenged([]))).toEqual([]);
  });

  test('nonces are kept by the challenger\u2019s address, counted up, sent to nobody else, and not without end', () => {
    const { digest } = client();
    const at = (address: string) => ({ ...challenged([]), remote: { address, port: 5060 } });
    const ask = (address: string, nonce: string) =>
      digest.authenticate({
        ...at(address),
        challenges: [`Digest realm="trunkroom", nonce="${nonce}", qop="auth"`],
      });
    ask('192.0.2.10', 'a');
    ask('192.0.2.11', 'b');
    const value = (address: string) => digest.headers(at(address)).map(([, credentials]) => credentials);
    expect(value('192.0.2.10')).toEqual([expect.stringMatching(/nonce="a".*nc=00000002/)]);
    expect(value('192.0.2.10')).toEqual([expect.stringMatching(/nonce="a".*nc=00000003/)]);
    expect(value('192.0.2.11')).toEqual([expect.stringMatching(/nonce="b".*nc=00000002/)]);
    expect(value('192.0.2.12')).toEqual([]);
    for (let i = 0; i < 100; i++) ask(`198.51.100.${i}`, 'n');
    expect(value('192.0.2.10')).toEqual([]);
    expect(value('198.51.100.99')).toHaveLength(1);
  });

  test('challenges never make it throw', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
        client().answer(values);
        client().answer(values.map((value) => `Digest realm="trunkroom", nonce="n", ${value}`));
      }),
    );
  });
});

describe('what the guard refuses', () => {
  const refusals = (change: (value: string) => string) => {
    const { challenges, why } = world();
    const [[name, value]] = client().answer(challenges())! as [readonly [string, string]];
    expect(change(value)).not.toBe(value);
    return why(invite([[name, change(value)]]));
  };

  test.each([
    ['another user', (value: string) => value.replace('username="user"', 'username="root"')],
    ['another response', (value: string) => value.replace(/response="../, 'response="zz')],
    ['another count', (value: string) => value.replace('nc=00000001', 'nc=00000002')],
    ['a count that is none', (value: string) => value.replace('nc=00000001', 'nc=-1')],
    ['no qop', (value: string) => value.replace(/, qop=.*/, '')],
    ['another algorithm', (value: string) => value.replace('=MD5', '=SHA-256')],
    ['an unknown algorithm', (value: string) => value.replace('=MD5', '=MD5-sess')],
    ['another nonce', (value: string) => value.replace(/nonce="../, 'nonce="ff')],
    ['another request', (value: string) => value.replace('sip:600@', 'sip:900@')],
  ])('%s', (_name, change) => {
    expect(refusals(change)).toBe('wrong');
  });

  test('a digest that was made for another called number', () => {
    const { challenges, why } = world();
    expect(why(invite(client().answer(challenges()), { user: '900' }))).toBe('wrong');
  });

  test('MD5 where only SHA-256 was offered', () => {
    const { challenges, why } = world({ algorithms: ['SHA-256'] });
    const weak = challenges().map((value) => value.replace('SHA-256', 'MD5'));
    expect(why(invite(client().answer(weak)))).toBe('wrong');
  });

  test('every refusal looks like the first challenge, but for the nonce', () => {
    const { challenges } = world();
    const blank = (values: readonly string[]) => values.map((value) => value.replace(/nonce="[^"]*"/, ''));
    const wrong = client({ password: 'guess' }).answer(challenges());
    expect(blank(challenges(invite(wrong)))).toEqual(blank(challenges()));
    const other = client({ username: 'nobody' }).answer(challenges());
    expect(blank(challenges(invite(other)))).toEqual(blank(challenges()));
  });

  test('a replay, a count that does not rise, a nonce of another source or too old: stale', () => {
    const { challenges, why, pass } = world();
    const one = client();
    const first = one.answer(challenges())!;
    expect(why(invite(first))).toBe('ok');
    expect(why(invite(first))).toBe('stale');
    const second = one.digest.headers(challenged([]));
    const third = one.digest.headers(challenged([]));
    expect(why(invite(third))).toBe('ok');
    expect(why(invite(second))).toBe('stale');
    const elsewhere = client().answer(challenges())!;
    expect(why(invite(elsewhere, { source: '192.0.2.11' }))).toBe('stale');
    const late = client().answer(challenges())!;
    pass(60_000);
    expect(why(invite(late))).toBe('stale');
    expect(challenges(invite(late))[0]).toMatch(/, stale=true$/);
    const again = client().answer(challenges(invite(late)))!;
    expect(why(invite(again))).toBe('ok');
  });

  test('a nonce of another trunk', () => {
    const guard = new DigestGuard(nodeDigests, new SeededRandom(1));
    const refused = guard.check(invite(), ACCOUNT, 0);
    const credentials = client().answer(refused.ok ? [] : refused.challenges.map(([, value]) => value));
    expect(guard.check(invite(credentials), { ...ACCOUNT, id: 'other' }, 0)).toMatchObject({ why: 'stale' });
  });

  test('nonces that were pushed out of memory are stale, not fresh', () => {
    const { challenges, why, pass } = world();
    const first = client().answer(challenges())!;
    expect(why(invite(first))).toBe('ok');
    pass(1000);
    for (let i = 0; i < 10_000; i++) expect(why(invite(client().answer(challenges())))).toBe('ok');
    expect(why(invite(first))).toBe('stale');
    pass(1000);
    expect(why(invite(client().answer(challenges())))).toBe('ok');
  });

  test('after five wrong passwords nothing of the source is verified for five minutes, others are', () => {
    const { challenges, why, pass } = world();
    const wrong = () => why(invite(client({ password: 'guess' }).answer(challenges())));
    const right = (source?: string) => {
      const change = source === undefined ? {} : { source };
      return why(invite(client().answer(challenges(invite([], change))), change));
    };
    expect([wrong(), wrong(), wrong(), wrong()]).toEqual(Array(4).fill('wrong'));
    expect(right()).toBe('ok');
    expect([wrong(), wrong(), wrong(), wrong(), wrong()]).toEqual(Array(5).fill('wrong'));
    expect(right()).toBe('locked');
    expect(right('192.0.2.99')).toBe('ok');
    pass(299_000);
    expect(right()).toBe('locked');
    pass(2000);
    expect(right()).toBe('ok');
  });

  test('a host of IPv6 has no more tries for having many addresses', () => {
    const { challenges, why } = world();
    const tries = Array.from({ length: 7 }, (_, i) => {
      const change = { source: `2001:db8:7:7::${i + 1}` };
      const password = i === 6 ? 'secret' : 'guess';
      return why(invite(client({ password }).answer(challenges(invite([], change))), change));
    });
    expect(tries).toEqual([...Array(5).fill('wrong'), 'locked', 'locked']);
    const other = { source: '2001:db8:7:8::1' };
    expect(why(invite(client().answer(challenges(invite([], other))), other))).toBe('ok');
  });

  test('no Authorization makes it throw or lets it in', () => {
    const { why } = world();
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
        for (const start of ['', 'Digest ', 'Digest realm="trunkroom", '])
          expect(why(invite(values.map((value) => ['Authorization', start + value])))).not.toBe('ok');
      }),
    );
  });
});
