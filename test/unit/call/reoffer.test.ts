import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import type { PhoneCall } from '../../../src/call/phone-call.ts';
import type { MediaCommand } from '../../../src/media/protocol.ts';
import { offer, phone, world } from './rig.ts';

type LegMediaCommand = Extract<MediaCommand, { type: 'leg.media' }>;

/** A call that talks in A-law, and a phone that offers again. */
function talking(first = offer()) {
  const it = world();
  const caller = phone({ offer: first });
  it.door.onInvite(caller.invite);
  it.opened();
  caller.handler().confirmed(undefined);
  const inside = it.rooms.find('lobby')!.participants.get('sip_+60312345678')!;
  const medias = () =>
    it.commands.filter((command): command is LegMediaCommand => command.type === 'leg.media');
  return {
    ...it,
    caller,
    inside,
    track: () => [...inside.tracks.values()][0]!,
    medias,
    media: () => medias().at(-1)!.media,
    lastMedia: () => medias().at(-1)!,
    mutes: () => it.commands.filter((command) => command.type === 'leg.mute').map(({ muted }) => muted),
    /** What the phone gets for a re-INVITE: our SDP, or the status. */
    reinvite(sdp: Uint8Array | undefined): string {
      let answer = 'nothing';
      caller.handler().reoffered(caller.request, sdp, {
        accept: (bytes) => {
          answer = fromUtf8(bytes);
        },
        reject: (status) => {
          answer = `${status}`;
        },
      });
      return answer;
    },
    /** The handler of the INVITE is the call itself. */
    offers: () => (caller.handler() as PhoneCall).line.offers,
    types: () => it.events.map(({ type }) => type),
  };
}

const version = (text: string) => /^o=- (\d+ \d+) /m.exec(text)?.[1];

describe('an offer in a call', () => {
  it.each([
    ['sendonly', ['m=audio 4000 RTP/AVP 8', 'a=sendonly'], 'recvonly'],
    ['inactive', ['m=audio 4000 RTP/AVP 8', 'a=inactive'], 'inactive'],
    ['a null address', ['c=IN IP4 0.0.0.0', 'm=audio 4000 RTP/AVP 8', 'c=IN IP4 0.0.0.0'], 'recvonly'],
    ['a null address and inactive', ['m=audio 4000 RTP/AVP 8', 'c=IN IP4 0.0.0.0', 'a=inactive'], 'inactive'],
  ])(
    'holds by %s: mirrored, and nothing of the phone reaches the room until it resumes',
    (_n, lines, ours) => {
      const call = talking();
      call.at(1000);
      expect(call.reinvite(offer(lines))).toContain(`a=${ours}`);
      // The leg neither sends nor hears, and does not time out.
      expect(call.media().direction).toBe('inactive');
      expect(call.track().muted).toBe(true);
      expect(call.inside.attributes.get('sip.onHold')).toBe('true');
      call.at(5000);
      expect(call.reinvite(offer())).toContain('a=sendrecv');
      expect(call.media()).toMatchObject({ direction: 'sendrecv', remote: { address: '192.0.2.9' } });
      expect(call.track().muted).toBe(false);
      expect(call.inside.attributes.has('sip.onHold')).toBe(false);
      expect(call.mutes()).toEqual([true, false]);
      expect(call.types().filter((type) => /held|resumed/.test(type))).toEqual(['call.held', 'call.resumed']);
      expect(call.events.find(({ type }) => type === 'call.resumed')).toMatchObject({ heldMs: 4000 });
    },
  );

  it('holds once however often it is told, and a voice that was muted stays so when it resumes', () => {
    const call = talking();
    call.rooms.find('lobby')!.orders.muteTrack(call.inside, call.track().sid, true);
    call.reinvite(offer(['m=audio 4000 RTP/AVP 8', 'a=sendonly']));
    call.reinvite(offer(['m=audio 4000 RTP/AVP 8', 'a=inactive']));
    call.reinvite(offer());
    expect(call.track().muted).toBe(true);
    expect(call.types().filter((type) => type === 'call.held')).toHaveLength(1);
  });

  it('takes back a call on hold by a re-INVITE without SDP: full offer in the 200, answer in the ACK', () => {
    const call = talking();
    call.reinvite(offer(['m=audio 4000 RTP/AVP 8', 'a=sendonly']));
    const ours = call.reinvite(undefined);
    expect(ours).toContain('m=audio 12000 RTP/AVP 8 0 101');
    expect(ours).toContain('a=sendrecv');
    expect(call.track().muted).toBe(true);
    call.caller.handler().confirmed(offer(['m=audio 4008 RTP/AVP 8']));
    expect(call.track().muted).toBe(false);
    expect(call.media()).toMatchObject({ direction: 'sendrecv', remote: { port: 4008 } });
  });

  it('leaves the call as it was when the ACK of a late offer brings nothing, and offers again later', () => {
    const call = talking();
    call.reinvite(undefined);
    call.caller.handler().confirmed(undefined);
    expect(call.caller.said).toEqual(['180', '200']);
    expect(call.medias()).toHaveLength(1);
    expect(call.reinvite(offer())).toContain('a=sendrecv');
  });

  it('answers 491 to an offer while its own is open', () => {
    const call = talking();
    call.reinvite(undefined);
    expect(call.reinvite(offer())).toBe('491');
  });

  it('follows a new address and port', () => {
    const call = talking();
    const moved = offer(['m=audio 5000 RTP/AVP 8', 'c=IN IP4 192.0.2.77']);
    expect(call.reinvite(moved)).toContain('m=audio 12000 RTP/AVP 8');
    expect(call.media()).toMatchObject({
      remote: { address: '192.0.2.77', port: 5000, rtcpPort: 5001 },
      allowedSources: ['192.0.2.77', '192.0.2.9'],
    });
    expect(call.types()).not.toContain('track.unpublished');
  });

  it.each([
    ['T.38', ['m=image 4000 udptl t38'], '488'],
    ['T.38 beside audio that is off', ['m=audio 0 RTP/AVP 8', 'm=image 4000 udptl t38'], '488'],
    ['a codec that nobody has', ['m=audio 4000 RTP/AVP 18'], '488'],
    ['media towards a group', ['m=audio 4000 RTP/AVP 8', 'c=IN IP4 224.0.0.1'], '488'],
    ['rubbish', ['m=audio'], '400'],
  ])('refuses %s, and the call goes on as it was', (_name, lines, status) => {
    const call = talking();
    const before = call.reinvite(offer());
    const medias = call.medias().length;
    expect(call.reinvite(offer(lines))).toBe(status);
    expect(call.medias()).toHaveLength(medias);
    expect(call.track().codecs[0]?.mime).toBe('audio/pcma');
    // The same again: not even the version of our SDP has moved.
    expect(call.reinvite(offer())).toBe(before);
  });

  it('refuses rubbish that is no SDP with 400 and goes on', () => {
    const call = talking();
    expect(call.reinvite(utf8('hello'))).toBe('400');
    expect(call.reinvite(offer())).toContain('a=sendrecv');
  });

  it('keeps each m-line in its place, in answers and in offers of its own', () => {
    const lines = [
      'm=audio 4000 RTP/SAVP 8',
      'm=audio 4002 RTP/AVP 8 96',
      'a=rtpmap:96 telephone-event/8000',
      'm=video 5000 RTP/AVP 34',
    ];
    const call = talking(offer(lines));
    const refused = (text: string) => text.split('\r\n').filter((line) => line.startsWith('m='));
    const expected = ['m=audio 0 RTP/SAVP 8', 'm=audio 12000 RTP/AVP 8 96', 'm=video 0 RTP/AVP 34'];
    expect(refused(call.caller.sdp())).toEqual(expected);
    expect(refused(call.reinvite(undefined))).toEqual([
      expected[0],
      'm=audio 12000 RTP/AVP 8 0 96',
      expected[2],
    ]);
    call.caller
      .handler()
      .confirmed(offer(['m=audio 0 RTP/SAVP 8', 'm=audio 4010 RTP/AVP 8', 'm=video 0 RTP/AVP 34']));
    expect(call.media().remote.port).toBe(4010);
  });

  it('follows telephone-event to a new number', () => {
    const call = talking();
    expect(call.media()).toMatchObject({ dtmfIn: 101, dtmfOut: 101 });
    const renumbered = offer(['m=audio 4000 RTP/AVP 8 96', 'a=rtpmap:96 telephone-event/8000']);
    expect(call.reinvite(renumbered)).toContain('a=rtpmap:96 telephone-event/8000');
    expect(call.media()).toMatchObject({ dtmfIn: 96, dtmfOut: 96 });
    expect(call.reinvite(undefined)).toContain('a=rtpmap:96 telephone-event/8000');
  });

  it('gives the same version for the same SDP, and one more for another', () => {
    const call = talking();
    const first = version(call.caller.sdp());
    expect(version(call.reinvite(offer()))).toBe(first);
    const held = version(call.reinvite(offer(['m=audio 4000 RTP/AVP 8', 'a=sendonly'])));
    expect(held).toBe(first?.replace(/ 1$/, ' 2'));
  });

  it('changes the codec: the leg with it, and a new track in the new codec for browsers', () => {
    const call = talking();
    const old = call.track().sid;
    const answer = call.reinvite(offer(['m=audio 4000 RTP/AVP 0']));
    expect(answer).toContain('m=audio 12000 RTP/AVP 0');
    expect(answer).not.toContain('PCMA');
    const { sid, codecs } = call.track();
    expect(sid).not.toBe(old);
    expect(codecs[0]?.mime).toBe('audio/pcmu');
    expect(call.lastMedia()).toMatchObject({ track: sid, media: { codec: { mime: 'audio/pcmu' } } });
    expect(call.types().filter((type) => type.startsWith('track.'))).toEqual([
      'track.published',
      'track.unpublished',
      'track.published',
    ]);
    expect(call.events).toContainEqual(expect.objectContaining({ type: 'call.codec', codec: 'audio/pcmu' }));
  });

  it('stays with its codec when the offer has it too, whatever comes first', () => {
    const call = talking();
    expect(call.reinvite(offer(['m=audio 4000 RTP/AVP 0 8']))).toContain('m=audio 12000 RTP/AVP 8');
    expect(call.types()).not.toContain('track.unpublished');
  });
});

describe('an offer of ours', () => {
  function held() {
    const call = talking();
    const { reoffers } = call.caller;
    return { call, next: () => reoffers.shift()! };
  }

  it('refreshes with what stands, to the byte', () => {
    const lines = [
      'm=image 4000 udptl t38',
      'm=audio 4000 RTP/AVP 0 8 96',
      'a=rtpmap:96 telephone-event/8000',
      'a=ptime:40',
    ];
    const call = talking(offer(lines));
    const refresh = call.caller.handler().refreshOffer?.();
    expect(fromUtf8(refresh!.offer()!)).toBe(call.caller.sdp());
    // Until it is answered nothing else may be offered, by anybody.
    expect(call.reinvite(offer(lines))).toBe('491');
    refresh!.accepted(
      offer(['m=image 0 udptl t38', 'm=audio 4000 RTP/AVP 0 96', 'a=rtpmap:96 telephone-event/8000']),
    );
    expect(call.media()).toMatchObject({ codec: { mime: 'audio/pcmu' }, direction: 'sendrecv' });
    expect(call.reinvite(offer(lines))).toContain('a=sendrecv');
  });

  it('refreshes a call that the phone holds without ending the hold', () => {
    const call = talking();
    call.reinvite(offer(['m=audio 4000 RTP/AVP 8', 'a=sendonly']));
    const refresh = call.caller.handler().refreshOffer!()!;
    expect(fromUtf8(refresh.offer()!)).toContain('a=recvonly');
    refresh.accepted(offer(['m=audio 4000 RTP/AVP 8', 'a=sendonly']));
    expect(call.track().muted).toBe(true);
  });

  it('holds the phone and takes it back', () => {
    const { call, next } = held();
    call.offers().hold();
    const hold = next();
    expect(fromUtf8(hold.offer()!)).toContain('a=sendonly');
    hold.accepted(offer(['m=audio 4000 RTP/AVP 8', 'a=recvonly']));
    expect(call.media().direction).toBe('sendonly');
    expect(call.track().muted).toBe(true);
    expect(call.events.find(({ type }) => type === 'call.held')).toMatchObject({ by: 'gateway' });
    // Whatever the phone offers meanwhile, it stays on hold.
    expect(call.reinvite(offer())).toContain('a=sendonly');
    call.offers().resume();
    const resume = next();
    expect(fromUtf8(resume.offer()!)).toContain('a=sendrecv');
    resume.accepted(offer());
    expect(call.media().direction).toBe('sendrecv');
    expect(call.track().muted).toBe(false);
  });

  it('that was refused leaves a phone that is not on hold, a refresh later as well', () => {
    const { call, next } = held();
    call.offers().hold();
    const hold = next();
    hold.offer();
    hold.refused(488);
    const refresh = call.caller.handler().refreshOffer!()!;
    expect(fromUtf8(refresh.offer()!)).toContain('a=sendrecv');
    refresh.accepted(offer());
    expect(call.media().direction).toBe('sendrecv');
    expect(call.track().muted).toBe(false);
    expect(call.inside.attributes.has('sip.onHold')).toBe(false);
  });

  it('that was never made cannot undo the one that is open', () => {
    const { call, next } = held();
    call.offers().hold();
    const hold = next();
    hold.offer();
    // As when two more were wished for meanwhile: the dialog has room for one.
    call.offers().resume();
    call.offers().hold();
    next();
    next().refused(491);
    hold.accepted(offer(['m=audio 4000 RTP/AVP 8', 'a=recvonly']));
    expect(call.media().direction).toBe('sendonly');
    expect(call.track().muted).toBe(true);
  });

  it('gives way in glare, and is asked again', () => {
    const { call, next } = held();
    call.offers().hold();
    const hold = next();
    hold.offer();
    hold.postponed();
    expect(call.reinvite(offer(['m=audio 4004 RTP/AVP 8']))).toContain('a=sendonly');
    expect(fromUtf8(hold.offer()!)).toContain('a=sendonly');
    hold.refused(488);
    expect(call.media().remote.port).toBe(4004);
    expect(call.reinvite(offer())).toContain('m=audio 12000');
  });
});
