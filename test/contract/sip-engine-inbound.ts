import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../src/base/bytes.ts';
import type { IncomingInvite } from '../../src/sip/ports.ts';
import { eventually } from '../support/eventually.ts';
import { bodyOf, headerOf, headersOf } from '../support/hand-peer.ts';
import type { EngineUnderTest } from './sip-engine.ts';
import { answer, hangUp, offer, Recorder, withEngine } from './sip-engine-bench.ts';

/** Calls that come in, until they are up. */
export function describeInbound(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`${name}: a call comes in`, () => {
    const bench = withEngine(open);

    test('rings, has early media, is answered, acknowledged and hung up', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog('+60312345678', '+60388880001');
      const recorder = new Recorder();
      let seen: IncomingInvite | undefined;
      bench().onInvite((invite) => {
        seen = invite;
        invite.handler = recorder;
        invite.progress(180);
      });
      peer.request('INVITE', dialog, { body: offer, headers: ['X-Colour: blue', 'X-Colour: red'] });
      expect(bodyOf(await peer.next('SIP/2.0 180'))).toBe('');
      const { request } = seen!;
      expect(request.method).toBe('INVITE');
      expect(request.uri.user).toBe('+60388880001');
      expect(request.from.display).toBe('Hand');
      expect(request.from.uri.user).toBe('+60312345678');
      expect(request.to.uri.user).toBe('+60388880001');
      expect(request.callId).toBe(dialog.callId);
      expect(request.flow.transport).toBe('udp');
      expect(request.flow.remote).toEqual({ address: '127.0.0.1', port: peer.port });
      expect(request.headers('x-colour')).toEqual(['blue', 'red']);
      expect(request.header('Call-ID')).toBe(dialog.callId);
      expect(request.headerNames).toContain('x-colour');
      expect(request.contentType).toBe('application/sdp');
      expect(fromUtf8(seen!.offer!)).toBe(offer);
      expect(bench().under.engine.gauges().calls).toBe(1);

      seen!.progress(183, utf8(answer));
      expect(bodyOf(await peer.next('SIP/2.0 183'))).toBe(answer);
      const call = seen!.accept(utf8(answer), [['X-Room', 'lobby']]);
      expect(call.callId).toBe(dialog.callId);
      const ok = await peer.next('SIP/2.0 200');
      expect(bodyOf(ok)).toBe(answer);
      expect(headerOf(ok, 'Content-Type')).toBe('application/sdp');
      expect(headerOf(ok, 'X-Room')).toBe('lobby');
      expect(headerOf(ok, 'Contact')).toContain(`:${bench().under.port}`);
      expect(headerOf(ok, 'Allow')).toContain('UPDATE');
      peer.answered(dialog, ok);
      peer.request('ACK', dialog, { cseq: dialog.cseq });
      await recorder.expect('confirmed nothing');

      peer.request('BYE', dialog, { headers: ['Reason: Q.850;cause=16'] });
      await peer.next('SIP/2.0 200');
      await recorder.expect('ended');
      expect(recorder.told).toEqual(['confirmed nothing', 'ended bye Q.850;cause=16']);
    });

    test('says 100 when nothing else is said at once, and refuses later with headers', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      let seen: IncomingInvite | undefined;
      bench().onInvite((invite) => {
        seen = invite;
        invite.handler = recorder;
      });
      const branch = peer.request('INVITE', dialog, { body: offer });
      await peer.next('SIP/2.0 100');
      await eventually('the INVITE', 15_000, () => seen);
      seen!.reject(486, [
        ['Retry-After', '30'],
        ['X-Why', 'busy'],
      ]);
      const busy = await peer.next('SIP/2.0 486');
      expect(headerOf(busy, 'Retry-After')).toBe('30');
      expect(headerOf(busy, 'X-Why')).toBe('busy');
      dialog.remote = headerOf(busy, 'To');
      peer.request('ACK', dialog, { branch, cseq: dialog.cseq });
      seen!.reject(404);
      seen!.accept(utf8(answer)).bye();
      expect(recorder.told).toEqual([]);
    });

    test('comes without an offer: ours goes out in the 200, and the answer comes in the ACK', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      bench().onInvite((invite) => {
        invite.handler = recorder;
        expect(invite.offer).toBeUndefined();
        invite.accept(utf8(offer));
      });
      peer.request('INVITE', dialog);
      const ok = await peer.next('SIP/2.0 200');
      expect(bodyOf(ok)).toBe(offer);
      peer.answered(dialog, ok);
      peer.request('ACK', dialog, { cseq: dialog.cseq, body: answer });
      await recorder.expect('confirmed answer');
      await hangUp({ peer, dialog, recorder });
    });

    test('has early media reliably where the caller knows PRACK, and is answered after it', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      bench().onInvite((invite) => {
        invite.handler = recorder;
        invite.progress(183, utf8(answer));
        invite.accept(utf8(answer));
      });
      peer.request('INVITE', dialog, { body: offer, headers: ['Supported: 100rel'] });
      const invited = dialog.cseq;
      const early = await peer.next('SIP/2.0 183');
      expect(headerOf(early, 'Require')).toContain('100rel');
      peer.answered(dialog, early);
      expect(peer.received.some((text) => text.startsWith('SIP/2.0 200'))).toBe(false);
      peer.request('PRACK', dialog, { headers: [`RAck: ${headerOf(early, 'RSeq')} ${invited} INVITE`] });
      const first = await peer.next('SIP/2.0 200');
      const second = await peer.next('SIP/2.0 200');
      const ok = headerOf(first, 'CSeq').endsWith('INVITE') ? first : second;
      expect([first, second].map((text) => headerOf(text, 'CSeq').split(' ')[1]).sort()).toEqual([
        'INVITE',
        'PRACK',
      ]);
      peer.answered(dialog, ok);
      peer.request('ACK', dialog, { cseq: invited });
      await recorder.expect('confirmed');
      await hangUp({ peer, dialog, recorder });
    });

    test('is taken back before it is answered', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      let seen: IncomingInvite | undefined;
      bench().onInvite((invite) => {
        seen = invite;
        invite.handler = recorder;
        invite.progress(180);
      });
      const branch = peer.request('INVITE', dialog, { body: offer });
      await peer.next('SIP/2.0 180');
      peer.request('CANCEL', dialog, {
        branch,
        cseq: dialog.cseq,
        headers: ['Reason: SIP;cause=200;text="Call completed elsewhere"'],
      });
      const terminated = await peer.next('SIP/2.0 487');
      expect(headerOf(await peer.next('SIP/2.0 200'), 'CSeq')).toContain('CANCEL');
      dialog.remote = headerOf(terminated, 'To');
      peer.request('ACK', dialog, { branch, cseq: dialog.cseq });
      await recorder.expect('ended cancel SIP;cause=200;text="Call completed elsewhere"');
      seen!.accept(utf8(answer));
      seen!.reject(486);
      expect(recorder.told).toHaveLength(1);
      expect(peer.received.some((text) => text.startsWith('SIP/2.0 486'))).toBe(false);
    });

    test('is taken back when the 200 has gone: the call ends once, however that is settled', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      bench().onInvite((invite) => {
        invite.handler = recorder;
        invite.accept(utf8(answer));
      });
      const branch = peer.request('INVITE', dialog, { body: offer });
      const ok = await peer.next('SIP/2.0 200');
      peer.request('CANCEL', dialog, { branch, cseq: dialog.cseq });
      peer.answered(dialog, ok);
      peer.request('ACK', dialog, { cseq: dialog.cseq });
      // The embedded engine answers 200 and the call stays; drachtio ends it with BYE. Both are left by a BYE of ours.
      peer.request('BYE', dialog);
      await recorder.expect('ended');
      expect(recorder.told.filter((line) => line.startsWith('ended'))).toHaveLength(1);
    });

    test('of a stranger reaches nobody, and a friend’s does', async () => {
      const stranger = await bench().peer('127.0.0.9');
      const friend = await bench().peer('127.0.0.2');
      const callers: string[] = [];
      bench().onInvite((invite) => {
        callers.push(invite.request.flow.remote.address);
        invite.reject(486);
      });
      stranger.request('INVITE', stranger.newDialog(), { body: offer });
      stranger.request('OPTIONS', stranger.newDialog());
      const dialog = friend.newDialog();
      const branch = friend.request('INVITE', dialog, { body: offer });
      dialog.remote = headerOf(await friend.next('SIP/2.0 486'), 'To');
      friend.request('ACK', dialog, { branch, cseq: dialog.cseq });
      expect(callers).toEqual(['127.0.0.2']);
      // drachtio's server says 100 before anybody is asked.
      expect(stranger.received.filter((text) => !text.startsWith('SIP/2.0 100'))).toEqual([]);
    });

    test('must prove who it is, where the application asks for it', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      bench().under.engine.authorize = (request) =>
        request.header('Authorization') === undefined
          ? {
              status: 401,
              headers: [
                ['WWW-Authenticate', 'Digest realm="a", nonce="1", algorithm=SHA-256'],
                ['WWW-Authenticate', 'Digest realm="a", nonce="1", algorithm=MD5'],
              ],
            }
          : undefined;
      const recorder = new Recorder();
      bench().onInvite((invite) => {
        invite.handler = recorder;
        invite.reject(403);
      });
      const branch = peer.request('INVITE', dialog, { body: offer });
      const challenge = await peer.next('SIP/2.0 401');
      const challenges = headersOf(challenge, 'WWW-Authenticate');
      expect(challenges.map((value) => /algorithm=([\w-]+)/.exec(value)?.[1])).toEqual(['SHA-256', 'MD5']);
      peer.request('ACK', { ...dialog, remote: headerOf(challenge, 'To') }, { branch, cseq: dialog.cseq });
      const again = peer.request('INVITE', dialog, {
        body: offer,
        headers: ['Authorization: Digest username="x", realm="a", nonce="1", uri="sip:a", response="0"'],
      });
      dialog.remote = headerOf(await peer.next('SIP/2.0 403'), 'To');
      peer.request('ACK', dialog, { branch: again, cseq: dialog.cseq });
    });

    test('meets an application that throws: 500, and the next is served', async () => {
      const peer = await bench().peer();
      const first = peer.newDialog();
      bench().onInvite(() => {
        throw new Error('of the test');
      });
      const branch = peer.request('INVITE', first, { body: offer });
      first.remote = headerOf(await peer.next('SIP/2.0 500'), 'To');
      peer.request('ACK', first, { branch, cseq: first.cseq });
      await eventually('the fault is told', 15_000, () => bench().under.faults.splice(0).length === 1);
      const established = await bench().calledIn();
      await hangUp(established);
    });

    test('is no call: OPTIONS is answered with what we can, REGISTER and garbage are refused', async () => {
      const peer = await bench().peer();
      peer.request('OPTIONS', peer.newDialog());
      const options = await peer.next('SIP/2.0 200');
      expect(headerOf(options, 'Allow')).toContain('INVITE');
      expect(headerOf(options, 'Accept')).toContain('application/sdp');
      peer.request('REGISTER', peer.newDialog());
      expect(headerOf(await peer.next('SIP/2.0 405'), 'Allow')).toContain('INVITE');
      const dialog = peer.newDialog();
      const branch = peer.request('INVITE', dialog, { body: 'hello', type: 'text/plain' });
      dialog.remote = headerOf(await peer.next('SIP/2.0 415'), 'To');
      peer.request('ACK', dialog, { branch, cseq: dialog.cseq });
    });
  });
}
