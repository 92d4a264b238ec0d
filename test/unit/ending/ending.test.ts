import { expect, test } from 'vitest';
import {
  causeOfJoinRefusal,
  causeOfRemoval,
  causeOfSipEnd,
  ENDING_CAUSES,
  endingOf,
  endingText,
  leaveReasonOf,
  reasonHeader,
  refusalStatus,
} from '../../../src/call/ending.ts';

test.each(ENDING_CAUSES)('%s has a row that SIP, Q.850 and people can use', (cause) => {
  const { sipStatus, q850 } = endingOf(cause);
  expect(sipStatus === 200 || (sipStatus >= 400 && sipStatus < 700)).toBe(true);
  expect(q850).toBeGreaterThanOrEqual(1);
  expect(q850).toBeLessThanOrEqual(127);
  expect(refusalStatus(cause)).toBeGreaterThanOrEqual(400);
  expect(endingText(cause)).toMatch(/^[a-z][^"\\.]+$/);
  expect(leaveReasonOf(cause)).toBeTruthy();
  expect(reasonHeader(cause)).toEqual([
    'Reason',
    expect.stringMatching(/^Q\.850;cause=\d{1,3};text="[ -!#-~]+"$/),
  ]);
});

test.each([
  ['no-rule', 404],
  ['no-number', 404],
  ['bad-number', 484],
  ['forbidden', 403],
  ['no-trunk', 403],
  ['no-common-codec', 488],
  ['bad-offer', 400],
  ['trunk-limit', 503],
  ['overload', 503],
  ['stopping', 503],
  ['cancelled', 487],
  ['internal-error', 500],
] as const)('%s is answered with %i', (cause, status) => {
  expect(refusalStatus(cause)).toBe(status);
});

test('the Reason header of a hang-up', () => {
  expect(reasonHeader('max-duration')).toEqual([
    'Reason',
    'Q.850;cause=16;text="max-duration: the longest allowed duration is over"',
  ]);
});

test('what SIP says becomes a cause', () => {
  expect(causeOfSipEnd({ by: 'bye', reason: undefined })).toBe('bye');
  expect(causeOfSipEnd({ by: 'cancel', reason: undefined })).toBe('cancelled');
  expect(causeOfSipEnd({ by: 'ack-timeout' })).toBe('ack-timeout');
  expect(causeOfSipEnd({ by: 'session-expired' })).toBe('session-expired');
  expect(causeOfSipEnd({ by: 'timeout' })).toBe('sip-timeout');
  expect(causeOfSipEnd({ by: 'transport', detail: '' })).toBe('transport-lost');
  const rejected = (status: number) =>
    causeOfSipEnd({ by: 'rejected', status, phrase: '', reason: undefined });
  expect([486, 600, 603, 480, 404, 408, 487, 488, 500].map(rejected)).toEqual([
    'busy',
    'busy',
    'declined',
    'unavailable',
    'unavailable',
    'sip-timeout',
    'cancelled',
    'no-common-codec',
    'rejected',
  ]);
});

test('what the room says becomes a cause', () => {
  expect(causeOfRemoval('room_deleted')).toBe('room-deleted');
  expect(causeOfRemoval('server_shutdown')).toBe('stopping');
  expect(causeOfRemoval('participant_removed')).toBe('removed-from-room');
  expect(causeOfJoinRefusal('room-full')).toBe('room-full');
  expect(causeOfJoinRefusal('bad-identity')).toBe('join-failure');
});
