import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import { bodyOf, headerOf } from '../support/hand-peer.ts';
import type { EngineUnderTest } from './sip-engine.ts';
import { answer, hangUp, offer, Recorder, withEngine } from './sip-engine-bench.ts';

/** What an engine does when the gateway shall stop; its last group, for nothing opens the door again. */
export function describeDraining(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`${name}: the gateway drains`, () => {
    const bench = withEngine(open);

    test('OPTIONS gets 503, a new call is the application’s to refuse, and a call that is up goes on', async () => {
      const established = await bench().calledIn();
      const { peer, dialog, recorder } = established;
      const stranger = await bench().peer('127.0.0.2');
      stranger.request('OPTIONS', stranger.newDialog());
      await stranger.next('SIP/2.0 200');
      bench().under.engine.drain();

      stranger.request('OPTIONS', stranger.newDialog());
      const busy = await stranger.next('SIP/2.0 503');
      expect(headerOf(busy, 'Retry-After')).toBe('5');
      expect(headerOf(busy, 'Allow')).toContain('INVITE');

      bench().onInvite((invite) => {
        invite.handler = new Recorder();
        invite.reject(503, [['Retry-After', '5']]);
      });
      const late = stranger.newDialog();
      const branch = stranger.request('INVITE', late, { body: offer });
      late.remote = headerOf(await stranger.next('SIP/2.0 503'), 'To');
      stranger.request('ACK', late, { branch, cseq: late.cseq });

      // In the call: OPTIONS asks after the call, INFO and re-INVITE are served.
      peer.request('OPTIONS', dialog);
      await peer.next('SIP/2.0 200');
      peer.request('INFO', dialog, { body: 'Signal=5', type: 'application/dtmf-relay' });
      await peer.next('SIP/2.0 200');
      await recorder.expect('requested INFO');
      recorder.reoffer = (_request, _offer, settle) => settle.accept(utf8(answer));
      peer.request('INVITE', dialog, { body: offer });
      expect(bodyOf(await peer.next('SIP/2.0 200'))).toBe(answer);
      peer.request('ACK', dialog, { cseq: dialog.cseq });
      await hangUp(established);
    });
  });
}
