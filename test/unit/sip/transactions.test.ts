/** Every arrow of the four state figures, and that no input in any state throws or leaves a state for a wrong one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { clientStart, stepClient } from '../../../src/sip/transactions/client.ts';
import { inviteClientStart, stepInviteClient } from '../../../src/sip/transactions/invite-client.ts';
import { inviteServerStart, stepInviteServer } from '../../../src/sip/transactions/invite-server.ts';
import { provisionalDue, serverStart, stepServer } from '../../../src/sip/transactions/server.ts';
import type { Effect, Step, Timing } from '../../../src/sip/transactions/step.ts';

const UDP: Timing = { t1: 500, t2: 4000, t4: 5000, reliable: false };
const TCP: Timing = { ...UDP, reliable: true };
const REQUEST = utf8('request');

/** `send 200`, `set A 500`, `stop A`, `tell timeout`. */
function show(effect: Effect): string {
  switch (effect.do) {
    case 'send':
      return `send ${new TextDecoder().decode(effect.bytes)}`;
    case 'set':
      return `set ${effect.timer} ${effect.after}`;
    case 'stop':
      return `stop ${effect.timer}`;
    case 'tell':
      return `tell ${effect.what}`;
  }
}

/** Feeds inputs one by one and shows `state: effects` of each. */
function play<S extends { name: string }, I>(
  step: (state: S, input: I, timing: Timing) => Step<S>,
  start: S,
  timing: Timing,
  inputs: readonly I[],
): string[] {
  let state = start;
  return inputs.map((input) => {
    const next = step(state, input, timing);
    state = next.state;
    return `${state.name}: ${next.effects.map(show).join(', ')}`;
  });
}

const respond = (status: number) => ({ type: 'respond', status, bytes: utf8(String(status)) }) as const;
const answer = (status: number) =>
  ({ type: 'response', status, ack: status >= 300 ? utf8('ack') : undefined }) as const;
const ring = (timer: string) => ({ type: 'timer', timer }) as const;
const BEGIN = { type: 'begin' } as const;
const AGAIN = { type: 'request' } as const;
const ACK = { type: 'ack' } as const;
const BROKEN = { type: 'transport-error' } as const;

test('INVITE server: refused over UDP', () => {
  const inputs = [
    AGAIN,
    respond(100),
    AGAIN,
    respond(486),
    ring('G'),
    ring('G'),
    ring('G'),
    ring('G'),
    AGAIN,
    ACK,
    AGAIN,
    ACK,
    ring('I'),
  ];
  expect(play(stepInviteServer, inviteServerStart, UDP, inputs)).toEqual([
    'proceeding: ',
    'proceeding: send 100',
    'proceeding: send 100',
    'completed: send 486, set G 500, set H 32000',
    'completed: send 486, set G 1000',
    'completed: send 486, set G 2000',
    'completed: send 486, set G 4000',
    'completed: send 486, set G 4000',
    'completed: send 486',
    'confirmed: stop G, stop H, set I 5000',
    'confirmed: ',
    'confirmed: ',
    'terminated: ',
  ]);
});

test('INVITE server: accepted', () => {
  const inputs = [respond(200), AGAIN, respond(200), respond(486), ACK, BROKEN, ring('L'), respond(200)];
  expect(play(stepInviteServer, inviteServerStart, UDP, inputs)).toEqual([
    'accepted: send 200, set L 32000',
    'accepted: ',
    'accepted: send 200',
    'accepted: ',
    'accepted: tell ack',
    'accepted: ',
    'terminated: ',
    'terminated: ',
  ]);
});

test('INVITE server: no ACK, TCP, and a transport that fails', () => {
  expect(play(stepInviteServer, inviteServerStart, UDP, [respond(500), ring('H')]).at(-1)).toBe(
    'terminated: tell timeout',
  );
  expect(play(stepInviteServer, inviteServerStart, TCP, [respond(500), ACK])).toEqual([
    'completed: send 500, set H 32000',
    'terminated: ',
  ]);
  expect(play(stepInviteServer, inviteServerStart, TCP, [BROKEN])).toEqual([
    'terminated: tell transport-error',
  ]);
  expect(play(stepInviteServer, inviteServerStart, TCP, [respond(500), BROKEN]).at(-1)).toBe(
    'terminated: tell transport-error',
  );
});

test('non-INVITE server', () => {
  expect(
    play(stepServer, serverStart, UDP, [
      BEGIN,
      AGAIN,
      ring('P'),
      respond(100),
      AGAIN,
      respond(200),
      AGAIN,
      ring('J'),
    ]),
  ).toEqual([
    'trying: set P 3500, set F 32000',
    'trying: ',
    'trying: tell provisional-due',
    'proceeding: send 100',
    'proceeding: send 100',
    'completed: send 200, stop P, stop F, set J 32000',
    'completed: send 200',
    'terminated: ',
  ]);
  expect(play(stepServer, serverStart, TCP, [BEGIN, respond(200)]).at(-1)).toBe('terminated: send 200');
  // RFC 4320 section 4.2: no late answer, and no 408.
  expect(play(stepServer, serverStart, UDP, [BEGIN, ring('F'), respond(200)]).slice(1)).toEqual([
    'terminated: ',
    'terminated: ',
  ]);
  expect(play(stepServer, serverStart, UDP, [BEGIN, BROKEN]).at(-1)).toBe('terminated: tell transport-error');
  expect(provisionalDue(UDP)).toBe(3500);
});

test('INVITE client: refused over UDP', () => {
  const inputs = [
    BEGIN,
    ring('A'),
    ring('A'),
    answer(180),
    ring('A'),
    answer(486),
    answer(486),
    answer(200),
    ring('D'),
  ];
  expect(play(stepInviteClient, inviteClientStart(REQUEST, UDP), UDP, inputs)).toEqual([
    'calling: send request, set A 500, set B 32000',
    'calling: send request, set A 1000',
    'calling: send request, set A 2000',
    'proceeding: stop A, stop B, tell response',
    'proceeding: ',
    'completed: stop A, stop B, send ack, set D 32000, tell response',
    'completed: send ack',
    'completed: ',
    'terminated: ',
  ]);
});

test('INVITE client: answered, each 2xx is told until timer M', () => {
  const inputs = [BEGIN, answer(200), answer(200), answer(180), answer(486), ring('M')];
  expect(play(stepInviteClient, inviteClientStart(REQUEST, UDP), UDP, inputs).slice(1)).toEqual([
    'accepted: stop A, stop B, set M 32000, tell response',
    'accepted: tell response',
    'accepted: ',
    'accepted: ',
    'terminated: ',
  ]);
});

test('INVITE client: time-out, TCP, and a transport that fails', () => {
  const start = inviteClientStart(REQUEST, UDP);
  expect(play(stepInviteClient, start, UDP, [BEGIN, ring('B')]).at(-1)).toBe('terminated: tell timeout');
  expect(play(stepInviteClient, start, TCP, [BEGIN, answer(404)])).toEqual([
    'calling: send request, set B 32000',
    'terminated: send ack, tell response',
  ]);
  expect(play(stepInviteClient, start, UDP, [BROKEN])).toEqual(['terminated: tell transport-error']);
  expect(play(stepInviteClient, start, UDP, [BEGIN, answer(100), BROKEN]).at(-1)).toBe(
    'terminated: tell transport-error',
  );
  expect(play(stepInviteClient, start, UDP, [BEGIN, answer(404), BROKEN]).at(-1)).toBe('terminated: ');
});

test('non-INVITE client', () => {
  const start = clientStart(REQUEST, UDP);
  expect(
    play(stepClient, start, UDP, [
      BEGIN,
      ring('E'),
      ring('E'),
      ring('E'),
      ring('E'),
      answer(200),
      answer(200),
      ring('K'),
    ]),
  ).toEqual([
    'trying: send request, set E 500, set F 32000',
    'trying: send request, set E 1000',
    'trying: send request, set E 2000',
    'trying: send request, set E 4000',
    'trying: send request, set E 4000',
    'completed: stop E, stop F, set K 5000, tell response',
    'completed: ',
    'terminated: ',
  ]);
  expect(play(stepClient, start, UDP, [BEGIN, answer(100), ring('E'), ring('F')]).slice(1)).toEqual([
    'proceeding: tell response',
    'proceeding: send request, set E 4000',
    'terminated: tell timeout',
  ]);
  expect(play(stepClient, start, TCP, [BEGIN, answer(200)])).toEqual([
    'trying: send request, set F 32000',
    'terminated: tell response',
  ]);
  expect(play(stepClient, start, UDP, [BEGIN, BROKEN]).at(-1)).toBe('terminated: tell transport-error');
});

test('after any inputs: terminated is final and silent, and a timer is never left without one to end the state', () => {
  const timer = fc.constantFrom(...'ABDEFGHIJKLMP').map(ring);
  const statuses = fc.integer({ min: 100, max: 699 });
  const serverInput = fc.oneof(timer, statuses.map(respond), fc.constantFrom(BEGIN, AGAIN, BROKEN));
  const inviteInput = fc.oneof(timer, statuses.map(respond), fc.constantFrom(AGAIN, ACK, BROKEN));
  const clientInput = fc.oneof(timer, statuses.map(answer), fc.constantFrom(BEGIN, BROKEN));
  const timing = fc.constantFrom(UDP, TCP);
  const silentAtEnd = (lines: string[]) => {
    const end = lines.findIndex((line) => line.startsWith('terminated'));
    if (end >= 0) for (const line of lines.slice(end + 1)) expect(line).toBe('terminated: ');
  };
  fc.assert(
    fc.property(
      fc.array(serverInput),
      fc.array(inviteInput),
      fc.array(clientInput),
      timing,
      (server, invite, client, on) => {
        silentAtEnd(play(stepServer, serverStart, on, server));
        silentAtEnd(play(stepInviteServer, inviteServerStart, on, invite));
        silentAtEnd(play(stepClient, clientStart(REQUEST, on), on, client));
        silentAtEnd(play(stepInviteClient, inviteClientStart(REQUEST, on), on, client));
      },
    ),
  );
});
