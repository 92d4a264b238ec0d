import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import type { Challenged, LoneOutcome, LoneRequest, OutgoingOptions } from '../../src/sip/ports.ts';
import { eventually } from '../support/eventually.ts';
import { bodyOf, type HandPeer, headerOf } from '../support/hand-peer.ts';
import type { EngineUnderTest } from './sip-engine.ts';
import { answer, hangUp, offer, Recorder, withEngine } from './sip-engine-bench.ts';

/** Calls that go out, and requests that are no calls. */
export function describeOutbound(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`${name}: a call goes out`, () => {
    const bench = withEngine(open);

    function options(peer: HandPeer, more: Partial<OutgoingOptions> = {}): OutgoingOptions {
      return {
        to: `sip:+60399990001@127.0.0.1:${peer.port}`,
        from: '"Room" <sip:+60388880000@127.0.0.1>',
        next: { transport: 'udp', remote: { address: '127.0.0.1', port: peer.port } },
        sdp: utf8(offer),
        ...more,
      };
    }

    test('rings, is answered, acknowledged and hung up', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      const { engine } = bench().under;
      const call = engine.invite(options(peer, { headers: [['X-Room', 'lobby']] }), recorder);
      expect(engine.gauges().calls).toBe(1);
      const invite = await peer.next('INVITE sip:+60399990001@');
      expect(headerOf(invite, 'Call-ID')).toBe(call.callId);
      expect(headerOf(invite, 'From')).toMatch(/^"?Room"? ?<sip:\+60388880000@127.0.0.1>;tag=/);
      expect(headerOf(invite, 'To')).toBe(`<sip:+60399990001@127.0.0.1:${peer.port}>`);
      expect(headerOf(invite, 'X-Room')).toBe('lobby');
      expect(headerOf(invite, 'Content-Type')).toBe('application/sdp');
      expect(headerOf(invite, 'Contact')).toContain(`:${bench().under.port}`);
      expect(headerOf(invite, 'Supported')).toContain('timer');
      expect(bodyOf(invite)).toBe(offer);
      const dialog = peer.dialogOf(invite);
      peer.respond(invite, '100 Trying');
      peer.respond(invite, '180 Ringing', { dialog });
      await recorder.expect('progressed 180 nothing');
      peer.respond(invite, '183 Session Progress', { dialog, body: answer });
      await recorder.expect('progressed 183 answer');
      peer.respond(invite, '200 OK', { dialog, body: answer, headers: ['Allow: INVITE, REFER, BYE'] });
      const ack = await peer.next('ACK');
      expect(ack.startsWith(`ACK sip:hand@127.0.0.1:${peer.port}`)).toBe(true);
      expect(headerOf(ack, 'CSeq').split(' ')[0]).toBe(headerOf(invite, 'CSeq').split(' ')[0]);
      await recorder.expect('answered answer');
      expect(call.allows?.('REFER')).toBe(true);
      expect(call.allows?.('UPDATE')).toBe(false);
      expect(call.dialog).toEqual({
        callId: call.callId,
        localTag: /tag=(.*)/.exec(headerOf(invite, 'From'))?.[1],
        remoteTag: /tag=(.*)/.exec(dialog.local)?.[1],
        target: `sip:hand@127.0.0.1:${peer.port}`,
        localUri: 'sip:+60388880000@127.0.0.1',
        remoteUri: `sip:+60399990001@127.0.0.1:${peer.port}`,
      });
      await hangUp({ peer, dialog, recorder });
      expect(recorder.told).toEqual([
        'progressed 180 nothing',
        'progressed 183 answer',
        'answered answer',
        'ended bye',
      ]);
    });

    test('is refused', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      bench().under.engine.invite(options(peer), recorder);
      const invite = await peer.next('INVITE');
      peer.respond(invite, '486 Busy Here', { headers: ['Reason: Q.850;cause=17'] });
      await peer.next('ACK');
      await recorder.expect('ended');
      expect(recorder.told).toEqual(['ended rejected 486 Busy Here Q.850;cause=17']);
    });

    test('is redirected: where to is told', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      bench().under.engine.invite(options(peer), recorder);
      const invite = await peer.next('INVITE');
      peer.respond(invite, '302 Moved Temporarily', {
        headers: ['Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>'],
      });
      await peer.next('ACK');
      await recorder.expect('ended');
      expect(recorder.told[0]).toContain('rejected 302 Moved Temporarily');
      expect(recorder.told[0]).toContain('<sip:a@192.0.2.1>,<sip:b@192.0.2.1>');
    });

    test('has early media that is acknowledged', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      bench().under.engine.invite(options(peer), recorder);
      const invite = await peer.next('INVITE');
      expect(headerOf(invite, 'Supported')).toContain('100rel');
      const dialog = peer.dialogOf(invite);
      peer.respond(invite, '183 Session Progress', {
        dialog,
        body: answer,
        headers: ['Require: 100rel', 'RSeq: 1'],
      });
      const prack = await peer.next('PRACK');
      expect(headerOf(prack, 'RAck')).toMatch(/^1 \d+ INVITE$/);
      peer.respond(prack, '200 OK', { dialog });
      await recorder.expect('progressed 183 answer');
      peer.respond(invite, '200 OK', { dialog });
      await peer.next('ACK');
      await recorder.expect('answered nothing');
      await hangUp({ peer, dialog, recorder });
    });

    test.each([
      [401, 'WWW-Authenticate', 'Authorization'],
      [407, 'Proxy-Authenticate', 'Proxy-Authorization'],
    ] as const)('proves itself when it is asked with %i', async (status, asks, proves) => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      const asked: Challenged[] = [];
      const authenticate = {
        headers: () => [],
        authenticate: (challenged: Challenged) => {
          asked.push(challenged);
          return [[proves, 'Digest username="room", response="42"']] as const;
        },
      };
      bench().under.engine.invite(options(peer, { authenticate }), recorder);
      const first = await peer.next('INVITE');
      expect(headerOf(first, proves)).toBe('');
      peer.respond(first, `${status} Prove`, { headers: [`${asks}: Digest realm="hand", nonce="7"`] });
      await peer.next('ACK');
      const second = await peer.next('INVITE');
      expect(asked).toEqual([
        {
          status,
          method: 'INVITE',
          uri: `sip:+60399990001@127.0.0.1:${peer.port}`,
          body: utf8(offer),
          tries: 0,
          challenges: ['Digest realm="hand", nonce="7"'],
          remote: { address: '127.0.0.1', port: peer.port },
        },
      ]);
      expect(headerOf(second, proves)).toBe('Digest username="room", response="42"');
      expect(headerOf(second, 'Call-ID')).toBe(headerOf(first, 'Call-ID'));
      expect(headerOf(second, 'From')).toBe(headerOf(first, 'From'));
      expect(Number.parseInt(headerOf(second, 'CSeq'), 10)).toBe(
        Number.parseInt(headerOf(first, 'CSeq'), 10) + 1,
      );
      const dialog = peer.dialogOf(second);
      peer.respond(second, '200 OK', { dialog, body: answer });
      await peer.next('ACK');
      await recorder.expect('answered answer');
      await hangUp({ peer, dialog, recorder });
    });

    test('is taken back: not before it rings, and then nothing more is told', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      const call = bench().under.engine.invite(options(peer), recorder);
      const invite = await peer.next('INVITE');
      call.cancel();
      const dialog = peer.dialogOf(invite);
      peer.respond(invite, '180 Ringing', { dialog });
      const cancel = await peer.next('CANCEL');
      expect(headerOf(cancel, 'CSeq').split(' ')[0]).toBe(headerOf(invite, 'CSeq').split(' ')[0]);
      expect(headerOf(cancel, 'Via')).toBe(headerOf(invite, 'Via'));
      peer.respond(cancel, '200 OK', { dialog });
      peer.respond(invite, '487 Request Terminated', { dialog });
      await peer.next('ACK');
      await eventually('the call is gone', 15_000, () => bench().under.engine.gauges().calls === 0);
      expect(recorder.told).toEqual([]);
    });

    test('is taken back while it is answered: acknowledged and hung up', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      const call = bench().under.engine.invite(options(peer), recorder);
      const invite = await peer.next('INVITE');
      const dialog = peer.dialogOf(invite);
      peer.respond(invite, '180 Ringing', { dialog });
      await recorder.expect('progressed 180');
      call.cancel();
      const cancel = await peer.next('CANCEL');
      peer.respond(invite, '200 OK', { dialog, body: answer });
      peer.respond(cancel, '200 OK', { dialog });
      await peer.next('ACK');
      peer.respond(await peer.next('BYE'), '200 OK', { dialog });
      await eventually('the call is gone', 15_000, () => bench().under.engine.gauges().calls === 0);
      expect(recorder.told).toEqual(['progressed 180 nothing']);
    });

    test('to nowhere is over by itself', async () => {
      const peer = await bench().peer();
      const recorder = new Recorder();
      bench().under.engine.invite(options(peer, { to: 'not a uri' }), recorder);
      expect(recorder.told).toEqual([]);
      await recorder.expect('ended transport');
      expect(recorder.told).toHaveLength(1);
    });
  });

  describe(`${name}: a request of ours that is no call`, () => {
    const bench = withEngine(open);

    function send(peer: HandPeer, more: Partial<LoneRequest>): LoneOutcome[] {
      const outcomes: LoneOutcome[] = [];
      const request: LoneRequest = {
        method: 'OPTIONS',
        uri: `sip:127.0.0.1:${peer.port}`,
        from: '<sip:room@127.0.0.1>',
        to: `<sip:127.0.0.1:${peer.port}>`,
        callId: `lone-${peer.port}`,
        cseq: 7,
        next: { transport: 'udp', remote: { address: '127.0.0.1', port: peer.port } },
        ...more,
      };
      bench().under.engine.request(request, (outcome) => outcomes.push(outcome));
      return outcomes;
    }

    test('OPTIONS is answered', async () => {
      const peer = await bench().peer();
      const outcomes = send(peer, {});
      const request = await peer.next('OPTIONS');
      expect(headerOf(request, 'Call-ID')).toBe(`lone-${peer.port}`);
      expect(headerOf(request, 'CSeq')).toBe('7 OPTIONS');
      expect(headerOf(request, 'Max-Forwards')).toBe('70');
      peer.respond(request, '200 OK', { headers: ['Allow: INVITE, ACK'] });
      const [outcome] = await eventually('the outcome', 15_000, () => outcomes.length > 0 && outcomes);
      expect(outcome).toMatchObject({ status: 200, why: 'response', contact: '' });
      expect(outcome?.headers('allow')).toEqual(['INVITE', 'ACK']);
    });

    test('REGISTER goes with a Contact of ours, and its challenge is handed over', async () => {
      const peer = await bench().peer();
      const outcomes = send(peer, {
        method: 'REGISTER',
        to: '<sip:room@127.0.0.1>',
        contactUser: 'token',
        contactParams: ';expires=3600',
      });
      const request = await peer.next('REGISTER');
      const contact = headerOf(request, 'Contact');
      expect(contact).toMatch(/^<sip:token@127\.0\.0\.1:\d+[^>]*>;expires=3600$/);
      expect(contact).toContain(`:${bench().under.port}`);
      peer.respond(request, '401 Unauthorized', {
        headers: ['WWW-Authenticate: Digest realm="a", nonce="1"', 'WWW-Authenticate: Digest realm="b"'],
      });
      const [outcome] = await eventually('the outcome', 15_000, () => outcomes.length > 0 && outcomes);
      expect(outcome).toMatchObject({ status: 401, contact: /<([^>]+)>/.exec(contact)?.[1] });
      expect(outcome?.headers('WWW-Authenticate')).toEqual([
        'Digest realm="a", nonce="1"',
        'Digest realm="b"',
      ]);
      expect(outcomes).toHaveLength(1);
    });
  });
}
