import { describe, expect, it } from 'vitest';
import type { SipRequestInfo } from '../../../src/sip/ports.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import { toneLevels } from '../../support/tones.ts';
import { target } from '../../unit/trunk/trunks.ts';
import { answering, carrierLevel, refusing, world } from './outbound-world.ts';

const follow = { do: 'follow', max: 3, hosts: [] } as const;
const redirecting =
  (...contacts: string[]) =>
  (invite: { reject(status: number, headers: [string, string][]): void }) =>
    invite.reject(302, [['Contact', contacts.join(', ')]]);
const calledAs = ({ uri: { user, host } }: SipRequestInfo) => `${user}@${host}`;

describe('a redirection', () => {
  it('is refused unless the trunk follows', () => {
    const { carrier, place, pass, heard, events, settle } = world();
    carrier(redirecting('<sip:1@10.0.2.2>'));
    const other = carrier(answering);
    place({}, { targets: [target('10.0.2.1')] });
    pass(1000);
    expect(heard).toEqual(['over rejected 0']);
    expect(other.invites).toEqual([]);
    expect(events('call.redirected')).toMatchObject([{ status: 302, followed: false }]);
    settle();
  });

  it('is followed in the order of q, and on when one of its places refuses', () => {
    const { carrier, place, pass, heard, events, settle } = world();
    carrier((invite) => {
      invite.progress(180);
      redirecting('<sip:3@10.0.2.3>;q=0.1', '<sip:2@10.0.2.2;transport=udp>;q=0.9')(invite);
    });
    const busy = carrier(refusing(486));
    const last = carrier(answering);
    place({}, { redirects: { ...follow, hosts: ['10.0.2.2', '10.0.2.3'] } });
    pass(2000);
    expect(heard).toEqual(['ringing', 'answered']);
    expect(busy.invites.map(({ request }) => calledAs(request))).toEqual(['2@10.0.2.2']);
    expect(last.invites.map(({ request }) => calledAs(request))).toEqual(['3@10.0.2.3']);
    expect(events('call.redirected')).toMatchObject([{ status: 302, followed: true }]);
    last.call!.bye();
    settle();
  });

  it('by a callee who declines everywhere is not followed further', () => {
    const { carrier, place, pass, heard, settle } = world();
    carrier(redirecting('<sip:2@10.0.2.2>', '<sip:3@10.0.2.3>'));
    carrier(refusing(603));
    const last = carrier(answering);
    place({}, { redirects: { ...follow, hosts: ['10.0.2.2', '10.0.2.3'] } });
    pass(2000);
    expect(heard).toEqual(['over declined 0']);
    expect(last.invites).toEqual([]);
    settle();
  });

  it.each([
    ['a host that nobody named', '<sip:1@10.0.9.9>'],
    ['the place it came from', '<sip:+60123456789@10.0.2.1>'],
    ['a country that may not be called', '<sip:+18765551234@10.0.2.1>'],
    ['nowhere', 'rubbish'],
  ])('to %s is not followed', (_name, contact) => {
    const { carrier, place, pass, endings, settle } = world();
    const far = carrier(redirecting(contact));
    place({}, { redirects: follow, allowedCountries: ['MY'] });
    pass(2000);
    expect(far.invites).toHaveLength(1);
    expect(endings).toMatchObject([{ cause: 'rejected', sipStatus: 302 }]);
    settle();
  });

  it('to one another ends: each place once, and no more than the trunk allows', () => {
    const { carrier, place, pass, endings, settle } = world();
    let next = 0;
    const one = carrier((invite) => redirecting(`<sip:${next++}@10.0.2.2>`, '<sip:0@10.0.2.1>')(invite));
    const other = carrier((invite) => redirecting(`<sip:${next++}@10.0.2.1>`)(invite));
    place({}, { redirects: { ...follow, max: 4, hosts: ['10.0.2.2'] } });
    pass(10_000);
    expect(one.invites.length + other.invites.length).toBe(5);
    expect(endings).toMatchObject([{ cause: 'rejected', sipStatus: 302 }]);
    settle();
  });

  it('leads no credentials to another host', () => {
    const { carrier, place, pass, endings, settle } = world();
    const challenge = (invite: { reject(status: number, headers: [string, string][]): void }) =>
      invite.reject(401, [
        ['WWW-Authenticate', 'Digest realm="carrier", nonce="n", algorithm=MD5, qop="auth"'],
      ]);
    carrier(redirecting('<sip:2@10.0.2.2>'));
    const thief = carrier(challenge);
    const account = { username: 'u', password: 'p', realms: ['carrier'] };
    place({}, { account, redirects: { ...follow, hosts: ['10.0.2.2'] } });
    pass(2000);
    expect(thief.invites).toHaveLength(1);
    expect(thief.invites[0]!.request.headers('authorization')).toEqual([]);
    expect(endings).toMatchObject([{ sipStatus: 401 }]);
    settle();
  });
});

describe('what the far end says in its headers', () => {
  const headers = {
    headers: {},
    headersToAttributes: { 'X-Call': 'call', 'X-Status': 'sip.callStatus' },
    attributesToHeaders: {},
    includeHeaders: 'x',
  } as const;

  it('becomes attributes, and never what the gateway says itself', () => {
    const { carrier, place, pass, gateway } = world();
    carrier(
      (invite, one) => {
        invite.progress(180);
        one.call = invite.accept(one.sdp, [
          ['X-Call', '17'],
          ['X-Status', 'hacked'],
        ]);
      },
      {
        reword: (text, way) =>
          way === 'out' ? text.replace(/^(SIP.2.0 180 .*\r\n)/, '$1X-Early: yes\r\n') : text,
      },
    );
    place({}, { headers });
    pass(1000);
    const inside = gateway.rooms.find('lobby')!.participants.get('sip_+60123456789')!;
    expect(Object.fromEntries(inside.attributes)).toMatchObject({
      call: '17',
      'sip.h.x-call': '17',
      'sip.h.x-early': 'yes',
      'sip.callStatus': 'active',
    });
  });
});

describe('a target that failed', () => {
  const two: Partial<OutboundTrunk> = {
    targets: [target('10.0.9.9', { priority: 1 }), target('10.0.2.1', { priority: 2 })],
  };
  const dialled = (events: readonly object[]) => events.map((event) => (event as { target: string }).target);

  it('is tried last by the calls that follow, until a minute has passed', () => {
    const { carrier, place, pass, events, net } = world();
    const far = carrier(answering);
    place({ identity: 'one' }, two);
    pass(6000);
    place({ identity: 'two' }, two);
    pass(500);
    expect(dialled(events('call.dialled'))).toEqual(['10.0.9.9:5060', '10.0.2.1:5060', '10.0.2.1:5060']);
    expect(far.invites).toHaveLength(2);
    net.run(net.now() + 60_000);
    place({ identity: 'three' }, two);
    pass(500);
    expect(dialled(events('call.dialled')).at(-1)).toBe('10.0.9.9:5060');
  });

  it('is tried all the same when no other is left', () => {
    const { place, pass, events, endings } = world();
    const only = { targets: [target('10.0.9.9')] };
    place({ identity: 'one' }, only);
    pass(6000);
    place({ identity: 'two' }, only);
    pass(6000);
    expect(dialled(events('call.dialled'))).toEqual(['10.0.9.9:5060', '10.0.9.9:5060']);
    expect(endings).toMatchObject([{ cause: 'sip-timeout' }, { cause: 'sip-timeout' }]);
  });

  it('by the trunk\u2019s own word: 486 from one is no reason to give up where that is set, and the target is well', () => {
    const { carrier, place, pass, heard, gateway, settle } = world();
    carrier(refusing(486));
    const second = carrier(answering);
    const targets = [target('10.0.2.1', { priority: 1 }), target('10.0.2.2', { priority: 2 })];
    place({}, { targets, rerouteCodes: [486] });
    pass(1000);
    expect(heard).toEqual(['ringing', 'answered']);
    expect(gateway.hops).not.toContain('failed 10.0.2.1');
    second.call!.bye();
    settle();
  });

  it('and is not left for another by a status that the trunk does not name', () => {
    const { carrier, place, pass, heard, settle } = world();
    carrier(refusing(503));
    const second = carrier(answering);
    const targets = [target('10.0.2.1', { priority: 1 }), target('10.0.2.2', { priority: 2 })];
    place({}, { targets, rerouteCodes: [] });
    pass(1000);
    expect(heard).toEqual(['over rejected 0']);
    expect(second.invites).toEqual([]);
    settle();
  });
});

describe('numbers', () => {
  it('are written as the carrier wants them', () => {
    const { carrier, place, pass, gateway } = world();
    const far = carrier(answering);
    place(
      { from: '+60312345678' },
      { country: 'MY', numberFormat: 'national', callerFormat: 'e164', techPrefix: '7777#' },
    );
    pass(1000);
    const { request } = far.invites[0]!;
    expect(request.uri.user).toBe('7777#0123456789');
    expect(request.to.uri.user).toBe('7777#0123456789');
    expect(request.from.uri.user).toBe('60312345678');
    // The room knows them by their E.164 form all the same.
    const inside = gateway.rooms.find('lobby')!.participants.get('sip_+60123456789')!;
    expect(inside.attributes.get('sip.phoneNumber')).toBe('+60123456789');
  });

  it('of countries that the trunk may not call are refused by name, before anything is sent', () => {
    const { carrier, place, pass, gateway } = world();
    const far = carrier(answering);
    const malaysia = { allowedCountries: ['MY'], country: 'MY' } as const;
    for (const to of ['+18765551234', '0088212345678', '+870773123456', '00441534123456']) {
      expect(place({ to }, malaysia), to).toEqual({ ok: false, error: 'country-not-allowed' });
    }
    expect(place({ to: '0123456789' }, malaysia).ok).toBe(true);
    expect(place({ to: '8001' }, { allowedCountries: [] }).ok).toBe(true);
    pass(500);
    expect(far.invites).toHaveLength(2);
    expect(gateway.events.filter(({ type }) => type === 'call.placed')).toHaveLength(2);
  });
});

describe('early media that say nothing', () => {
  it('are nothing to the room, and the call is heard from its answer on', () => {
    const { carrier, phone, place, pass, heard } = world();
    const caller = phone();
    caller.dial('lobby');
    pass(1000);
    const far = carrier((invite, one) => invite.progress(183, one.sdp));
    place({ ringingTimeoutMs: 120_000 });
    // Longer than the media time-out, which counts only after the answer.
    pass(40_000);
    expect(heard).toEqual(['ringing']);
    expect(carrierLevel(caller)).toBeLessThan(-70);
    far.call = far.invites[0]!.accept(far.sdp);
    far.isSpeaking = true;
    pass(3000);
    expect(heard).toEqual(['ringing', 'answered']);
    const last = caller.handset.recording().slice(-8000);
    expect(toneLevels(last, 8000, [700])[0]).toBeGreaterThan(-20);
  });

  it('and are missed once the call is answered', () => {
    const { carrier, place, pass, heard } = world();
    const far = carrier((invite, one) => invite.progress(183, one.sdp));
    place({ ringingTimeoutMs: 120_000 });
    pass(40_000);
    far.call = far.invites[0]!.accept(far.sdp);
    pass(29_000);
    expect(heard).toEqual(['ringing', 'answered']);
    pass(3000);
    expect(heard.at(-1)).toMatch(/^over media-timeout/);
  });
});
