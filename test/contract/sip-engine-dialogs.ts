import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../src/base/bytes.ts';
import type { Authenticator, OfferSettlement, ReofferHandler, SipCall } from '../../src/sip/ports.ts';
import { bodyOf, headerOf } from '../support/hand-peer.ts';
import type { EngineUnderTest } from './sip-engine.ts';
import { answer, hangUp, held, hold, offer, Recorder, withEngine } from './sip-engine-bench.ts';

/** What goes on in calls that are up. */
export function describeDialogs(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`${name}: in a call`, () => {
    const bench = withEngine(open);

    function offering(told: string[], sdp = hold): ReofferHandler {
      return {
        offer: () => utf8(sdp),
        postponed: () => told.push('postponed'),
        accepted: (taken) =>
          told.push(`accepted ${taken === undefined ? 'nothing' : fromUtf8(taken) === held}`),
        refused: (status) => told.push(`refused ${status}`),
      };
    }

    test('the far end holds by re-INVITE, and is refused what cannot be', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, recorder } = established;
      recorder.reoffer = (_request, _offer, settle) => settle.accept(utf8(held));
      peer.request('INVITE', dialog, { body: hold });
      const ok = await peer.next('SIP/2.0 200');
      expect(bodyOf(ok)).toBe(held);
      expect(headerOf(ok, 'Contact')).toContain(`:${bench().under.port}`);
      peer.request('ACK', dialog, { cseq: dialog.cseq });
      recorder.reoffer = (_request, _offer, settle) => settle.reject(488);
      const branch = peer.request('INVITE', dialog, { body: offer });
      await peer.next('SIP/2.0 488');
      peer.request('ACK', dialog, { branch, cseq: dialog.cseq });
      expect(recorder.told).toEqual(['reoffered INVITE hold', 'reoffered INVITE offer']);
      await hangUp(established);
    });

    test('the far end asks for an offer by a re-INVITE without one, and answers it in the ACK', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, recorder } = established;
      let settlement: OfferSettlement | undefined;
      recorder.reoffer = (_request, _offer, settle) => {
        settlement = settle;
      };
      peer.request('INVITE', dialog);
      await recorder.expect('reoffered INVITE nothing');
      // While theirs waits, another one must.
      peer.request('UPDATE', dialog, { body: hold });
      const busy = await peer.next('SIP/2.0 500');
      expect(headerOf(busy, 'Retry-After')).toMatch(/^\d+$/);
      settlement!.accept(utf8(offer));
      expect(bodyOf(await peer.next('SIP/2.0 200'))).toBe(offer);
      peer.request('ACK', dialog, { cseq: dialog.cseq - 1, body: answer });
      await recorder.expect('confirmed answer');
      await hangUp(established);
    });

    test('the far end changes media by UPDATE, and refreshes by one without SDP', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, recorder } = established;
      recorder.reoffer = (_request, _offer, settle) => settle.accept(utf8(held));
      peer.request('UPDATE', dialog, { body: hold });
      expect(bodyOf(await peer.next('SIP/2.0 200'))).toBe(held);
      peer.request('UPDATE', dialog);
      expect(bodyOf(await peer.next('SIP/2.0 200'))).toBe('');
      expect(recorder.told).toEqual(['reoffered UPDATE hold']);
      await hangUp(established);
    });

    test.each(['INVITE', 'UPDATE'] as const)('we offer by %s, and the far end takes it', async (method) => {
      const established = await bench().calledIn();
      const { peer, dialog, call } = established;
      const told: string[] = [];
      call.reoffer(offering(told), method);
      const request = await peer.next(method);
      expect(bodyOf(request)).toBe(hold);
      expect(request.startsWith(`${method} sip:hand@127.0.0.1:${peer.port}`)).toBe(true);
      peer.respond(request, '200 OK', { dialog, body: held });
      if (method === 'INVITE') {
        const ack = await peer.next('ACK');
        expect(headerOf(ack, 'CSeq').split(' ')[0]).toBe(headerOf(request, 'CSeq').split(' ')[0]);
      }
      await expect.poll(() => told).toEqual(['accepted true']);
      await hangUp(established);
    });

    test('we offer and are refused: the call is as it was', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, call } = established;
      const told: string[] = [];
      call.reoffer(offering(told));
      peer.respond(await peer.next('INVITE'), '488 Not Acceptable Here', { dialog });
      await peer.next('ACK');
      await expect.poll(() => told).toEqual(['refused 488']);
      await hangUp(established);
    });

    test('both offer at once: theirs gets 491, ours is put off by 491 and comes again', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, call, recorder } = established;
      const told: string[] = [];
      call.reoffer(offering(told));
      const ours = await peer.next('INVITE');
      const branch = peer.request('INVITE', dialog, { body: hold });
      await peer.next('SIP/2.0 491');
      peer.request('ACK', dialog, { branch, cseq: dialog.cseq });
      peer.respond(ours, '491 Request Pending', { dialog });
      await peer.next('ACK');
      await expect.poll(() => told).toEqual(['postponed']);
      const again = await peer.next('INVITE');
      peer.respond(again, '200 OK', { dialog, body: held });
      await peer.next('ACK');
      await expect.poll(() => told).toEqual(['postponed', 'accepted true']);
      expect(recorder.told).toEqual([]);
      await hangUp(established);
    });

    test('INFO goes both ways', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, call, recorder } = established;
      peer.request('INFO', dialog, { body: 'Signal=5\r\n', type: 'application/dtmf-relay' });
      await peer.next('SIP/2.0 200');
      expect(recorder.told).toEqual(['requested INFO application/dtmf-relay Signal=5\r\n']);
      recorder.status = 405;
      peer.request('MESSAGE', dialog, { body: 'hello', type: 'text/plain' });
      expect(headerOf(await peer.next('SIP/2.0 405'), 'Allow')).toContain('INVITE');

      const finals: string[] = [];
      const sent: number[] = [];
      call.request(
        'INFO',
        'application/dtmf-relay',
        utf8('Signal=1\r\n'),
        (status, header) => finals.push(`${status} ${header?.('X-Heard')}`),
        { headers: [['X-Say', 'one']], sent: (cseq) => sent.push(cseq) },
      );
      const info = await peer.next('INFO');
      expect(bodyOf(info)).toBe('Signal=1\r\n');
      expect(headerOf(info, 'Content-Type')).toBe('application/dtmf-relay');
      expect(headerOf(info, 'X-Say')).toBe('one');
      peer.respond(info, '200 OK', { dialog, headers: ['X-Heard: one'] });
      await expect.poll(() => finals).toEqual(['200 one']);
      expect(sent).toEqual([Number.parseInt(headerOf(info, 'CSeq'), 10)]);
      await hangUp(established);
    });

    test.each([
      [401, 'WWW-Authenticate', 'Authorization', 'Authentication-Info'],
      [407, 'Proxy-Authenticate', 'Proxy-Authorization', 'Proxy-Authentication-Info'],
    ] as const)(
      'what is asked with %i in it comes once more with credentials',
      async (status, asks, proves, informs) => {
        const peer = await bench().peer();
        const recorder = new Recorder();
        const asked: string[] = [];
        const informed: string[] = [];
        const credentials = 'Digest username="room", response="42"';
        const authenticate: Authenticator = {
          headers: () => [],
          authenticate: ({ method, tries, remote, challenges }) => {
            asked.push(`${method} ${tries} ${remote.port === peer.port} ${challenges.length}`);
            return [[proves, credentials]];
          },
          accepted: (_remote, of, info) => informed.push(...info.map((each) => `${of} ${each}`)),
        };
        const call = bench().under.engine.invite(
          {
            to: `sip:100@127.0.0.1:${peer.port}`,
            from: '<sip:room@127.0.0.1>',
            next: { transport: 'udp', remote: { address: '127.0.0.1', port: peer.port } },
            sdp: utf8(offer),
            authenticate,
          },
          recorder,
        );
        const invite = await peer.next('INVITE');
        const dialog = peer.dialogOf(invite);
        peer.respond(invite, '200 OK', { dialog, body: answer });
        await peer.next('ACK');
        await recorder.expect('answered');
        /** Challenges the next request of that method; gives the one that comes then. */
        const challenged = async (method: string): Promise<string> => {
          const first = await peer.next(method);
          expect(headerOf(first, proves)).toBe('');
          peer.respond(first, `${status} Prove`, {
            dialog,
            headers: [`${asks}: Digest realm="hand", nonce="7"`],
          });
          if (method === 'INVITE') await peer.next('ACK');
          const second = await peer.next(method);
          expect(headerOf(second, proves)).toBe(credentials);
          expect(headerOf(second, 'Call-ID')).toBe(dialog.callId);
          expect(Number.parseInt(headerOf(second, 'CSeq'), 10)).toBe(
            Number.parseInt(headerOf(first, 'CSeq'), 10) + 1,
          );
          return second;
        };
        const told: string[] = [];
        call.reoffer(offering(told));
        peer.respond(await challenged('INVITE'), '200 OK', { dialog, body: held });
        await peer.next('ACK');
        await expect.poll(() => told).toEqual(['accepted true']);
        const finals: number[] = [];
        const referTo = { headers: [['Refer-To', '<sip:200@127.0.0.1>']] as const };
        call.request('REFER', '', utf8(''), (final) => finals.push(final), referTo);
        const refer = await challenged('REFER');
        expect(headerOf(refer, 'Refer-To')).toBe('<sip:200@127.0.0.1>');
        peer.respond(refer, '202 Accepted', { dialog, headers: [`${informs}: nextnonce="8"`] });
        await expect.poll(() => finals).toEqual([202]);
        expect(informed).toEqual([`${status} nextnonce="8"`]);
        call.bye();
        peer.respond(await challenged('BYE'), '200 OK', { dialog });
        expect(asked).toEqual(['INVITE 0 true 1', 'REFER 0 true 1', 'BYE 0 true 1']);
      },
    );

    test('a request of somebody else in it reaches nobody', async () => {
      const established = await bench().calledIn();
      const { dialog, recorder } = established;
      const foreign = await bench().peer('127.0.0.2');
      foreign.request('INFO', { ...dialog, cseq: 50 }, { body: 'Signal=5', type: 'application/dtmf-relay' });
      const { peer } = established;
      peer.request('INFO', { ...dialog, cseq: 60 }, { body: 'Signal=6', type: 'application/dtmf-relay' });
      await peer.next('SIP/2.0 200');
      expect(recorder.told).toEqual(['requested INFO application/dtmf-relay Signal=6']);
      dialog.cseq = 70;
      await hangUp(established);
    });

    test('we hang up: BYE with a reason, and nothing more is told', async () => {
      const { peer, dialog, call, recorder } = await bench().calledIn();
      call.bye([['Reason', 'Q.850;cause=16']]);
      call.bye();
      const bye = await peer.next('BYE');
      expect(headerOf(bye, 'Reason')).toBe('Q.850;cause=16');
      peer.respond(bye, '200 OK', { dialog });
      const finals: number[] = [];
      call.request('INFO', 'text/plain', utf8('late'), (status) => finals.push(status));
      await expect.poll(() => finals).toEqual([481]);
      expect(recorder.told).toEqual([]);
    });

    test('we hang up before the ACK: BYE waits for it', async () => {
      const peer = await bench().peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      let call: SipCall | undefined;
      bench().onInvite((invite) => {
        invite.handler = recorder;
        call = invite.accept(utf8(answer));
        call.bye();
      });
      peer.request('INVITE', dialog, { body: offer });
      const ok = await peer.next('SIP/2.0 200');
      peer.answered(dialog, ok);
      expect(peer.received.some((text) => text.startsWith('BYE'))).toBe(false);
      peer.request('ACK', dialog, { cseq: dialog.cseq });
      peer.respond(await peer.next('BYE'), '200 OK', { dialog });
      expect(recorder.told).toEqual([]);
    });

    test('the far end has forgotten it: the call is over', async () => {
      const { peer, dialog, call, recorder } = await bench().calledIn();
      call.request('INFO', 'text/plain', utf8('still there?'), () => {});
      peer.respond(await peer.next('INFO'), '481 Call Does Not Exist', { dialog });
      await recorder.expect('ended transport 481 to INFO');
      peer.respond(await peer.next('BYE'), '481 Call Does Not Exist', { dialog });
      expect(recorder.told).toHaveLength(1);
    });
  });
}
