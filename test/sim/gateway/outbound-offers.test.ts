import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { toneLevels } from '../../support/tones.ts';
import type { VirtualCarrier } from '../../support/virtual-carrier.ts';
import type { VirtualPhone } from '../../support/virtual-phone.ts';
import { answering, world } from './outbound-world.ts';

/** Level of the carrier's 700 Hz in the last second that a phone heard, dB. */
const lastLevel = (phone: VirtualPhone) =>
  toneLevels(phone.handset.recording().slice(-8000), 8000, [700])[0]!;

/** A call that was placed and is answered, with somebody in the room who hears it. */
function talking(options?: ConstructorParameters<typeof VirtualCarrier>[3]) {
  const all = world();
  const caller = all.phone();
  caller.dial('lobby');
  all.pass(1000);
  const far = all.carrier(answering, options);
  far.answers = far.sdp;
  const placed = all.place();
  if (!placed.ok) throw new Error(placed.error);
  all.pass(2000);
  expect(lastLevel(caller)).toBeGreaterThan(-20);
  const inside = all.gateway.rooms.find('lobby')!.participants.get('sip_+60123456789')!;
  return { ...all, caller, far, placed: placed.value, inside };
}

describe('an offer in an outbound call', () => {
  it('of the far end holds and resumes it', () => {
    const { far, pass, caller, inside, settle } = talking();
    const said: string[] = [];
    const offering = (...attributes: string[]) =>
      far.call!.reoffer({
        offer: () => far.described(...attributes),
        postponed() {},
        accepted: (sdp) => said.push(/^a=(send\w+|recvonly|inactive)/m.exec(fromUtf8(sdp!))![1]!),
        refused: (status) => said.push(`${status}`),
      });
    offering('a=sendonly');
    pass(2000);
    expect(lastLevel(caller)).toBeLessThan(-60);
    expect(inside.attributes.get('sip.onHold')).toBe('true');
    offering();
    pass(2000);
    expect(said).toEqual(['recvonly', 'sendrecv']);
    expect(lastLevel(caller)).toBeGreaterThan(-20);
    far.call!.bye();
    pass(500);
    caller.hangUp();
    settle();
  });

  it('of ours holds and resumes it', () => {
    const { far, pass, caller, inside, gateway, placed, settle } = talking();
    placed.hold();
    far.answers = far.described('a=recvonly');
    pass(2000);
    expect(far.reoffers).toMatchObject([expect.stringContaining('a=sendonly')]);
    expect(lastLevel(caller)).toBeLessThan(-60);
    expect(inside.attributes.get('sip.onHold')).toBe('true');
    expect(gateway.events.find(({ type }) => type === 'call.held')).toMatchObject({ by: 'gateway' });
    placed.resume();
    far.answers = far.sdp;
    pass(2000);
    expect(far.reoffers[1]).toContain('a=sendrecv');
    expect(lastLevel(caller)).toBeGreaterThan(-20);
    placed.hangUp();
    pass(500);
    expect(far.ends).toMatchObject([{ by: 'bye' }]);
    caller.hangUp();
    settle();
  });

  it('refreshes the session by re-INVITE where UPDATE is not understood', () => {
    const { far, pass, heard, placed, caller, settle } = talking({
      reword: (text, way) =>
        way === 'in'
          ? text.replace(/^(?:Session-Expires|Supported): .*\r\n/gm, '')
          : text.replace(/^Allow: .*$/m, 'Allow: INVITE, ACK, BYE\r\nSession-Expires: 90;refresher=uac'),
    });
    pass(200_000);
    expect(far.reoffers.length).toBeGreaterThan(3);
    // What stands, and always the same.
    expect([...new Set(far.reoffers)]).toMatchObject([
      expect.stringMatching(/RTP\/AVP 8 101\r[\s\S]*a=sendrecv/),
    ]);
    expect(heard).toEqual(['ringing', 'answered']);
    placed.hangUp();
    pass(500);
    caller.hangUp();
    settle();
  });
});

describe('an offer of SRTP with plain RTP beside it', () => {
  const twin = (invite: { readonly offer: Uint8Array | undefined }) =>
    fromUtf8(invite.offer ?? new Uint8Array(0)).split('m=audio').length > 2;

  it('that is refused with 488 is made once more in the clear, in the same call', () => {
    const { carrier, place, pass, heard, events, settle } = world();
    const far = carrier((invite, self) => {
      if (twin(invite)) invite.reject(488);
      else answering(invite, self);
    });
    const placed = place({}, { mediaEncryption: 'allowed' });
    pass(2000);
    expect(heard).toEqual(['ringing', 'answered']);
    expect(far.invites).toHaveLength(2);
    expect(far.offer).toMatch(/RTP\/AVP/);
    expect(far.offer).not.toMatch(/crypto|SAVP/);
    expect(events('call.unencrypted')).toMatchObject([{ status: 488 }]);
    if (placed.ok) placed.value.hangUp();
    pass(500);
    settle();
  });

  it('is not made a third time, and not at all in the clear where SRTP is required', () => {
    for (const mediaEncryption of ['allowed', 'required'] as const) {
      const { carrier, place, pass, heard, settle } = world();
      const far = carrier((invite) => invite.reject(488));
      place({}, { mediaEncryption });
      pass(2000);
      expect(heard).toEqual(['over no-common-codec 0']);
      expect(far.invites).toHaveLength(mediaEncryption === 'allowed' ? 2 : 1);
      settle();
    }
  });
});

it('a hold that was asked for while it rang comes with the answer', () => {
  const { carrier, place, pass, settle } = world();
  const far = carrier((invite) => invite.progress(180));
  const placed = place();
  pass(500);
  if (placed.ok) placed.value.hold();
  far.answers = far.described('a=recvonly');
  far.call = far.invites[0]!.accept(far.sdp);
  pass(1000);
  expect(far.reoffers).toMatchObject([expect.stringContaining('a=sendonly')]);
  far.call.bye();
  settle();
});
