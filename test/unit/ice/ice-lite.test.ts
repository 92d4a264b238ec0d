import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { type CheckOutcome, IceLite } from '../../../src/ice/ice-lite.ts';
import { requestedUfrag } from '../../../src/ice/routing.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { errorCode, xorAddress } from '../../../src/stun/fields.ts';
import { checkFingerprint, checkIntegrity, shortTermKey } from '../../../src/stun/integrity.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute } from '../../../src/stun/registry.ts';

const LOCAL = { ufrag: 'localufrag', pwd: 'local-password-of-24-chr' };
const NEXT = { ufrag: 'nextufrag', pwd: 'next-password-of-24-chars' };
const ID = Uint8Array.from({ length: 12 }, (_, i) => i);

interface CheckOptions {
  readonly credentials?: typeof LOCAL;
  readonly remote?: string;
  readonly nominate?: true;
  readonly role?: number;
  readonly extra?: number;
  readonly unsigned?: true;
}

function check(options: CheckOptions = {}): Uint8Array {
  const credentials = options.credentials ?? LOCAL;
  const builder = new StunBuilder(1, 'request', ID)
    .text(Attribute.username, `${credentials.ufrag}:${options.remote ?? 'browser'}`)
    .attribute(options.role ?? Attribute.iceControlling, new Uint8Array(8))
    .u32(Attribute.priority, 1);
  if (options.nominate) builder.flag(Attribute.useCandidate);
  if (options.extra !== undefined) builder.flag(options.extra);
  if (!options.unsigned) builder.messageIntegrity(digests, shortTermKey(credentials.pwd));
  return builder.fingerprint().finish();
}

function agent(): IceLite {
  const ice = new IceLite({ local: LOCAL, digests, now: 0 });
  ice.setRemote('browser');
  return ice;
}

function accepted(outcome: CheckOutcome): Extract<CheckOutcome, { kind: 'accepted' }> {
  if (outcome.kind !== 'accepted') throw new Error(outcome.reason);
  return outcome;
}

function response(outcome: CheckOutcome): StunMessage {
  const parsed = StunMessage.parse(outcome.response!);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('a check with the right credentials', () => {
  it('is answered with the mapped address, signed, and adds the source', () => {
    const ice = agent();
    const outcome = accepted(ice.check(check(), '192.0.2.7', 4000, 10));
    expect([outcome.added, outcome.pathChanged, ice.nominated]).toEqual([true, true, false]);
    const reply = response(outcome);
    expect(reply.kind).toBe('success');
    expect(reply.transactionId).toEqual(ID);
    expect(xorAddress(reply, Attribute.xorMappedAddress)).toEqual({ address: '192.0.2.7', port: 4000 });
    expect(checkIntegrity(reply, digests, shortTermKey(LOCAL.pwd))).toBe('good');
    expect(checkFingerprint(reply)).toBe('good');
    expect(ice.validated('192.0.2.7', 4000)).toBe(true);
    expect(ice.validated('192.0.2.7', 4001)).toBe(false);
    expect(accepted(ice.check(check(), '192.0.2.7', 4000, 20)).added).toBe(false);
  });

  it('is good before the remote description is known', () => {
    const ice = new IceLite({ local: LOCAL, digests, now: 0 });
    expect(ice.check(check({ remote: 'whoever' }), '192.0.2.7', 1, 0).kind).toBe('accepted');
  });

  it('nominates, and the last nomination wins', () => {
    const ice = agent();
    ice.check(check(), '192.0.2.1', 1, 0);
    expect(ice.selected).toMatchObject({ address: '192.0.2.1' });
    ice.check(check(), '192.0.2.2', 2, 0);
    expect(ice.selected).toMatchObject({ address: '192.0.2.1' });
    expect(accepted(ice.check(check({ nominate: true }), '192.0.2.2', 2, 0)).pathChanged).toBe(true);
    expect(ice.selected).toMatchObject({ address: '192.0.2.2', port: 2 });
    ice.check(check({ nominate: true }), '192.0.2.3', 3, 0);
    expect(ice.selected).toMatchObject({ address: '192.0.2.3' });
    expect(accepted(ice.check(check(), '192.0.2.1', 1, 0)).pathChanged).toBe(false);
    expect(ice.selected).toMatchObject({ address: '192.0.2.3' });
  });

  it('keeps 16 addresses, the least checked leaves, the selected stays', () => {
    const ice = agent();
    ice.check(check({ nominate: true }), '192.0.2.1', 1, 0);
    for (let i = 2; i <= 16; i++) ice.check(check(), '192.0.2.1', i, i);
    const outcome = accepted(ice.check(check(), '192.0.2.1', 17, 17));
    expect(outcome.evicted).toMatchObject({ address: '192.0.2.1', port: 2 });
    expect(ice.remotes).toHaveLength(16);
    expect(ice.validated('192.0.2.1', 1)).toBe(true);
    expect(ice.validated('192.0.2.1', 2)).toBe(false);
  });
});

describe('consent', () => {
  it('lapses 30 s after the last check over the selected path', () => {
    const ice = agent();
    expect([ice.expired(29_999), ice.expired(30_000)]).toEqual([false, true]);
    ice.check(check({ nominate: true }), '192.0.2.1', 1, 5_000);
    ice.check(check({ nominate: true }), '192.0.2.1', 1, 10_000);
    ice.check(check(), '192.0.2.2', 2, 39_000);
    expect(ice.lastConsent).toBe(10_000);
    expect([ice.expired(39_999), ice.expired(40_000)]).toEqual([false, true]);
  });

  it('is not kept up by anything unauthenticated', () => {
    const ice = agent();
    ice.check(check({ nominate: true }), '192.0.2.1', 1, 0);
    for (let t = 1_000; t <= 30_000; t += 1_000) {
      ice.check(check({ credentials: { ...LOCAL, pwd: 'wrong' } }), '192.0.2.1', 1, t);
    }
    expect(ice.expired(30_000)).toBe(true);
  });
});

describe('attack T2: checks that prove nothing', () => {
  const forged: [string, Uint8Array][] = [
    ['no-integrity', check({ unsigned: true, nominate: true })],
    ['wrong-ufrag', check({ credentials: { ...LOCAL, ufrag: 'other' }, nominate: true })],
    ['wrong-integrity', check({ credentials: { ...LOCAL, pwd: 'guess' }, nominate: true })],
    ['wrong-remote-ufrag', check({ remote: 'stranger', nominate: true })],
    [
      'no-username',
      new StunBuilder(1, 'request', ID).messageIntegrity(digests, shortTermKey(LOCAL.pwd)).finish(),
    ],
    ['not-a-request', new StunBuilder(1, 'success', ID).finish()],
    ['not-a-request', new StunBuilder(3, 'request', ID).finish()],
    ['malformed', Uint8Array.from([0, 1, 0, 0])],
  ];

  it.each(forged)('%s: no answer, no state', (reason, bytes) => {
    const ice = agent();
    ice.check(check({ nominate: true }), '192.0.2.1', 1, 100);
    for (let i = 0; i < 50; i++) {
      expect(ice.check(bytes, `203.0.113.${i}`, 9, 200)).toEqual({
        kind: 'refused',
        reason,
        response: undefined,
      });
    }
    expect(ice.remotes).toHaveLength(1);
    expect(ice.selected).toMatchObject({ address: '192.0.2.1', port: 1 });
    expect(ice.lastConsent).toBe(100);
  });

  it('a broken fingerprint is refused', () => {
    const bytes = check().slice();
    bytes[bytes.length - 1]! ^= 1;
    expect(agent().check(bytes, '192.0.2.1', 1, 0)).toMatchObject({ reason: 'fingerprint' });
  });

  it('any bytes and any flipped byte: never throws, never accepted', () => {
    const good = check({ nominate: true });
    const covered = good.length - 8;
    fc.assert(
      fc.property(fc.nat(covered - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = good.slice();
        bytes[at]! ^= mask;
        expect(agent().check(bytes, '192.0.2.1', 1, 0).kind).toBe('refused');
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        requestedUfrag(bytes);
        expect(agent().check(bytes, '192.0.2.1', 1, 0).kind).toBe('refused');
      }),
    );
  });
});

describe('what an authenticated peer may get wrong', () => {
  it('claims to be controlled: 487, and no source is added', () => {
    const ice = agent();
    const outcome = ice.check(check({ role: Attribute.iceControlled }), '192.0.2.1', 1, 0);
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'role-conflict' });
    expect(errorCode(response(outcome))).toMatchObject({ code: 487 });
    expect(checkIntegrity(response(outcome), digests, shortTermKey(LOCAL.pwd))).toBe('good');
    expect(ice.remotes).toHaveLength(0);
  });

  it('sends an attribute that must be understood: 420 names it', () => {
    const outcome = agent().check(check({ extra: 0x7abc }), '192.0.2.1', 1, 0);
    expect(errorCode(response(outcome))).toMatchObject({ code: 420 });
    expect([...response(outcome).attribute(Attribute.unknownAttributes)!]).toEqual([0x7a, 0xbc]);
  });
});

describe('ICE restart', () => {
  it('takes both credentials until the first check with the new ones', () => {
    const ice = agent();
    ice.check(check({ nominate: true }), '192.0.2.1', 1, 0);
    expect(ice.restart(NEXT)).toBeUndefined();
    ice.setRemote('browser2');
    expect(ice.ufrags).toEqual(['nextufrag', 'localufrag']);
    expect(accepted(ice.check(check(), '192.0.2.1', 1, 1)).retiredUfrag).toBeUndefined();
    expect(ice.selected).toMatchObject({ address: '192.0.2.1' });
    const fresh = check({ credentials: NEXT, remote: 'browser2', nominate: true });
    const outcome = accepted(ice.check(fresh, '198.51.100.1', 5, 2));
    expect([outcome.retiredUfrag, outcome.pathChanged]).toEqual(['localufrag', true]);
    expect(ice.ufrags).toEqual(['nextufrag']);
    expect(ice.check(check({ nominate: true }), '192.0.2.1', 1, 3)).toMatchObject({ reason: 'wrong-ufrag' });
    expect(ice.selected).toMatchObject({ address: '198.51.100.1' });
  });

  it('twice in a row drops the oldest credentials; with the same ones it is none', () => {
    const ice = agent();
    expect(ice.restart(LOCAL)).toBeUndefined();
    ice.restart(NEXT);
    expect(ice.restart({ ufrag: 'third', pwd: 'third-password-with-24-ch' })).toBe('localufrag');
    expect(ice.ufrags).toEqual(['third', 'nextufrag']);
  });
});

describe('routing by ufrag', () => {
  it('names the local part of USERNAME without verifying', () => {
    expect(requestedUfrag(check({ credentials: { ufrag: 'some', pwd: 'any' } }))).toBe('some');
    expect(
      requestedUfrag(new StunBuilder(1, 'success', ID).text(Attribute.username, 'some:thing').finish()),
    ).toBeUndefined();
    expect(
      requestedUfrag(new StunBuilder(1, 'request', ID).text(Attribute.username, 'nocolon').finish()),
    ).toBeUndefined();
    expect(
      requestedUfrag(new StunBuilder(1, 'request', ID).text(Attribute.username, 'so\nme:thing').finish()),
    ).toBeUndefined();
    expect(requestedUfrag(new Uint8Array())).toBeUndefined();
  });
});

describe('a check on a connection', () => {
  const stream = { congested: false, send() {}, close() {} };
  const other = { congested: false, send() {}, close() {} };

  it('is another path than UDP from the same address and port', () => {
    const ice = agent();
    expect(accepted(ice.check(check(), '192.0.2.7', 4000, 10)).added).toBe(true);
    expect(accepted(ice.check(check({ nominate: true }), '192.0.2.7', 4000, 20, stream)).added).toBe(true);
    expect(ice.selected).toMatchObject({ stream });
    expect(accepted(ice.check(check(), '192.0.2.7', 4000, 30, stream)).added).toBe(false);
    expect(ice.remotes.map((remote) => remote.stream)).toEqual([undefined, stream]);
  });

  it('ends with it: media goes on where a check came from last, until the peer nominates', () => {
    const ice = agent();
    ice.check(check(), '192.0.2.7', 4000, 10);
    ice.check(check(), '192.0.2.8', 4001, 15);
    ice.check(check({ nominate: true }), '192.0.2.7', 4002, 20, stream);
    expect(ice.streamClosed(other)).toBe(false);
    expect(ice.streamClosed(stream)).toBe(true);
    expect([ice.selected?.port, ice.nominated, ice.validated('192.0.2.7', 4002)]).toEqual([
      4001,
      false,
      false,
    ]);
    ice.check(check({ nominate: true }), '192.0.2.7', 4000, 30);
    expect(ice.selected?.port).toBe(4000);
  });

  it('ends with it, and with nothing else left consent still lapses 30 s after the last check', () => {
    const ice = agent();
    ice.check(check({ nominate: true }), '192.0.2.7', 4002, 20_000, stream);
    expect(ice.streamClosed(stream)).toBe(true);
    expect([ice.selected, ice.expired(49_999), ice.expired(50_000)]).toEqual([undefined, false, true]);
  });

  it('leaves the path alone when the connection that ended was not the selected one', () => {
    const ice = agent();
    ice.check(check({ nominate: true }), '192.0.2.7', 4000, 10);
    ice.check(check(), '192.0.2.7', 4002, 20, stream);
    expect(ice.streamClosed(stream)).toBe(false);
    expect(ice.selected?.port).toBe(4000);
  });
});
