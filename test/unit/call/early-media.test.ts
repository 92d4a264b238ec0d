import { describe, expect, it } from 'vitest';
import { openingCall, step } from '../../../src/call/state.ts';
import { offer, phone, world } from './rig.ts';

describe('early media', () => {
  /** A call that has early media until it is told to answer. */
  function early(theirs: Uint8Array | 'no offer' = offer()) {
    const it = world();
    const caller = phone({ offer: theirs === 'no offer' ? undefined : theirs });
    const call = it.letIn(caller, 'after-early-media');
    it.opened();
    const media = () => it.commands.findLast((command) => command.type === 'leg.media')?.media;
    const inside = () => it.rooms.find('lobby')!.participants.get('phone')!;
    return { ...it, caller, call, media, inside };
  }

  it('goes out with a 183; the room hears the phone only when it is answered', () => {
    const { caller, call, media, inside, events } = early();
    expect(caller.said).toEqual(['180', '183 with SDP']);
    expect(media()).toMatchObject({ direction: 'sendonly', remote: { port: 4000 } });
    expect(inside().tracks.size).toBe(0);
    expect(events.map(({ type }) => type)).not.toContain('call.answered');
    const early183 = caller.sdp();
    call.answer();
    expect(caller.said).toEqual(['180', '183 with SDP', '200']);
    expect(caller.sdp()).toBe(early183);
    expect(media()).toMatchObject({ direction: 'sendrecv' });
    expect(inside().tracks.size).toBe(1);
    expect(events.map(({ type }) => type)).toContain('call.answered');
  });

  it('offers in the 183 when the INVITE did not, and takes the answer of the PRACK', () => {
    const { caller, call, media } = early('no offer');
    expect(media()).toBeUndefined();
    caller.handler().earlyAnswer?.(offer(['m=audio 4000 RTP/AVP 0']));
    expect(media()).toMatchObject({ direction: 'sendonly', codec: { mime: 'audio/pcmu' } });
    call.answer();
    expect(media()).toMatchObject({ direction: 'sendrecv', codec: { mime: 'audio/pcmu' } });
    caller.handler().confirmed(undefined);
    expect(caller.said.at(-1)).toBe('200');
  });

  it('offers in the 200 again when nothing came of it', () => {
    const { caller, call, media } = early('no offer');
    call.answer();
    expect(media()).toBeUndefined();
    caller.handler().confirmed(offer());
    expect(media()).toMatchObject({ direction: 'sendrecv' });
  });

  it('is refused when the PRACK has no answer, and when it rings too long', () => {
    const bad = early('no offer');
    bad.caller.handler().earlyAnswer?.(undefined);
    expect(bad.caller.said.at(-1)).toMatch(/^488 .*no-answer-sdp/);
    const long = early();
    long.at(30_001);
    expect(long.caller.said.at(-1)).toMatch(/^480 .*ringing-timeout/);
  });

  it('follows an UPDATE before the answer without letting the phone be heard', () => {
    const { caller, media } = early();
    caller
      .handler()
      .reoffered(caller.request, offer(['m=audio 4006 RTP/AVP 8']), { accept() {}, reject() {} });
    expect(media()).toMatchObject({ direction: 'sendonly', remote: { port: 4006 } });
  });
});

describe('the life of a call', () => {
  it('is answered at once when it was told so before it had a port', () => {
    const told = step(openingCall('after-early-media'), { type: 'answer' }, 0);
    expect(told.actions).toEqual([]);
    expect(step(told.state, { type: 'port-opened' }, 5)).toEqual({
      state: { phase: 'answered', since: 5 },
      actions: [{ do: 'answer' }],
    });
  });
});
