/** Whatever comes in whatever order: the endpoint never throws, and in the end holds nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, utf8 } from '../../../src/base/bytes.ts';
import type { ReofferHandler, SipCall } from '../../../src/sip/ports.ts';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

const FOLDER = new URL('../../data/rfc4475/', import.meta.url);
const TORTURE = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.dat'))
  .map((name) => new Uint8Array(readFileSync(new URL(name, FOLDER))));

function calm(scene: Scene): void {
  scene.run(200_000);
  scene.endpoint.invite(
    {
      to: 'sip:a@b',
      from: 'sip:c@d',
      next: { transport: 'udp', remote: { address: '192.0.2.10', port: 1 } },
      sdp: ANSWER,
    },
    scene.outgoingHandler(),
  );
  scene.checkNothingLeft();
}

test('torture messages, changed at random, into a live endpoint', () => {
  const change = fc.record({ at: fc.nat(1200), with: fc.uint8Array({ maxLength: 4 }), drop: fc.nat(8) });
  const mutated = fc
    .tuple(fc.constantFrom(...TORTURE), fc.array(change, { maxLength: 3 }))
    .map(([message, changes]) => {
      let bytes: Uint8Array = message;
      for (const { at, with: inserted, drop } of changes) {
        const place = at % Math.max(1, bytes.length);
        bytes = concat([bytes.subarray(0, place), inserted, bytes.subarray(place + drop)]);
      }
      return bytes;
    });
  fc.assert(
    fc.property(fc.array(mutated, { minLength: 1, maxLength: 20 }), (messages) => {
      const scene = new Scene();
      scene.endpoint.onInvite = (invite) => {
        invite.handler = scene.handler();
        invite.accept(ANSWER);
      };
      for (const message of messages) scene.endpoint.receive(message, scene.flow);
      calm(scene);
    }),
    { numRuns: 200 },
  );
});

/** What a far end may say of itself: extensions that make the dialog behave otherwise. */
const KNOWS: string[][] = [
  [],
  [],
  ['Require: 100rel'],
  ['Supported: timer, 100rel', 'Session-Expires: 90;refresher=uas', 'Allow: UPDATE'],
  ['Supported: timer', 'Session-Expires: 90;refresher=uas'],
  ['Supported: timer', 'Session-Expires: 120;refresher=uac'],
];

test('requests of a dialog in any order, from anywhere, with our own doings between', () => {
  const method = fc.constantFrom(
    'INVITE',
    'ACK',
    'BYE',
    'CANCEL',
    'INFO',
    'UPDATE',
    'OPTIONS',
    'PRACK',
    'REFER',
  );
  const act = fc.oneof(
    fc.record({
      kind: fc.constant('send' as const),
      method,
      cseq: fc.integer({ min: 1, max: 5 }),
      branch: fc.constantFrom('INVITE1', 'a', 'b', 'c'),
      inDialog: fc.boolean(),
      offer: fc.boolean(),
      stranger: fc.nat(9),
      knows: fc.constantFrom(...KNOWS),
    }),
    fc.record({
      kind: fc.constantFrom(
        ...([
          'progress',
          'early',
          'accept',
          'reject',
          'bye',
          'settle',
          'request',
          'reoffer',
          'update',
        ] as const),
      ),
      which: fc.nat(3),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(40_000) }),
    fc.record({
      kind: fc.constant('respond' as const),
      status: fc.constantFrom(100, 180, 200, 404, 422, 481, 487, 491, 500),
    }),
    fc.record({
      kind: fc.constant('prack' as const),
      cseq: fc.integer({ min: 2, max: 9 }),
      offer: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const scene = new Scene();
      const calls: SipCall[] = [];
      const settles: (() => void)[] = [];
      const endings = new Map<unknown, number>();
      const offers: { ends: number }[] = [];
      const offer = (): ReofferHandler => {
        const count = { ends: 0 };
        offers.push(count);
        const end = () => void count.ends++;
        return { offer: () => OFFER, postponed() {}, accepted: end, refused: end };
      };
      scene.endpoint.onInvite = (invite) => {
        scene.invites.push(invite);
        invite.handler = scene.handler({
          refreshOffer: offer,
          reoffered: (_request, _offer, settle) => void settles.push(() => settle.accept(ANSWER)),
          ended: () => void endings.set(invite, (endings.get(invite) ?? 0) + 1),
        });
      };
      for (const each of acts) {
        if (each.kind === 'wait') scene.run(each.ms);
        else if (each.kind === 'respond') {
          const asked = scene.sent
            .filter(({ message }) => message.kind === 'request' && message.method !== 'ACK')
            .at(-1);
          if (asked !== undefined) scene.respond(each.status, asked.message.cseq.method);
        } else if (each.kind === 'send') {
          scene.send(each.method, {
            cseq: each.cseq,
            branch: each.branch,
            ...(each.inDialog ? { toTag: scene.ourTag } : {}),
            ...(each.offer ? { body: OFFER } : {}),
            headers: ['Contact: <sip:100@192.0.2.10>', ...each.knows],
            ...(each.stranger === 0 ? { flow: flowFrom('192.0.2.66') } : {}),
          });
        } else if (each.kind === 'prack') {
          const reliable = scene.sent.findLast(({ message }) => message.headers.get('rseq') !== undefined);
          if (reliable === undefined) continue;
          const { headers } = reliable.message;
          scene.send('PRACK', {
            cseq: each.cseq,
            toTag: scene.ourTag,
            headers: [`RAck: ${headers.get('rseq')} ${headers.get('cseq')}`],
            ...(each.offer ? { body: OFFER } : {}),
          });
        } else {
          const invite = scene.invites[each.which];
          if (each.kind === 'progress') invite?.progress(180);
          else if (each.kind === 'early') invite?.progress(183, ANSWER);
          else if (each.kind === 'reoffer') calls[each.which]?.reoffer(offer());
          else if (each.kind === 'update') calls[each.which]?.reoffer(offer(), 'UPDATE');
          else if (each.kind === 'accept' && invite !== undefined) calls.push(invite.accept(ANSWER));
          else if (each.kind === 'reject') invite?.reject(486);
          else if (each.kind === 'bye') calls[each.which]?.bye();
          else if (each.kind === 'settle') settles.shift()?.();
          else calls[each.which]?.request('INFO', 'text/plain', utf8('x'), () => {});
        }
      }
      for (const invite of scene.invites) invite.reject(480);
      for (const call of calls) call.bye();
      scene.run(100_000);
      for (const settle of settles) settle();
      calm(scene);
      for (const count of endings.values()) expect(count).toBe(1);
      for (const { ends } of offers) expect(ends).toBe(1);
    }),
    { numRuns: 400 },
  );
});
