import { describe, expect, test, vi } from 'vitest';
import type { ReferOutcome } from '../../../src/sip/refer-progress.ts';
import { call, server } from './sip-server.ts';

describe('TransferSIPParticipant', () => {
  const transferrer = { sip: { call: true }, video: { roomAdmin: true, room: 'lobby' } };
  const WHERE = { room_name: 'lobby', participant_identity: 'sip_1', transfer_to: 'tel:+60399999999' };

  /** Asks, and lets the far end tell what came of it. */
  async function outcomeOf(came: ReferOutcome) {
    const to = server();
    const answer = call(to, 'TransferSIPParticipant', WHERE, transferrer);
    await vi.waitFor(() => expect(to.transfers).toHaveLength(1));
    to.over(came);
    return answer;
  }

  test('hands over what the request says, and answers when the far end has told', async () => {
    const to = server();
    const order = { ...WHERE, headers: { 'X-Why': 'sales' }, ringing_timeout: '20s' };
    const answer = call(to, 'TransferSIPParticipant', order, transferrer);
    await vi.waitFor(() => expect(to.transfers).toHaveLength(1));
    expect(to.transfers).toEqual([
      [
        { room: 'lobby', identity: 'sip_1' },
        { to: 'tel:+60399999999', headers: { 'X-Why': 'sales' }, timeoutMs: 20_000 },
      ],
    ]);
    to.over({ ok: true, status: 200, by: 'notify' });
    expect(await answer).toMatchObject({ status: 200, body: { status: 'STS_TRANSFER_SUCCESSFUL' } });
  });

  test('a failure has the SIP status of the new call', async () => {
    const busy = await outcomeOf({ ok: false, status: 486, reason: 'failed' });
    expect(busy).toMatchObject({
      status: 429,
      body: { code: 'resource_exhausted', meta: { sip_status_code: '486', cause: 'failed' } },
    });
    const refused = await outcomeOf({ ok: false, status: 603, reason: 'refused' });
    expect(refused.body).toMatchObject({ code: 'permission_denied', meta: { sip_status_code: '603' } });
  });

  test.each([
    [{ participant_identity: 'nobody' }, 'not_found'],
    [{ transfer_to: 'no number' }, 'invalid_argument'],
    [{ transfer_to: '' }, 'invalid_argument'],
    [{ participant_identity: '' }, 'invalid_argument'],
    [{ headers: { 'Refer-To': '<sip:evil@example.org>' } }, 'invalid_argument'],
    [{ headers: { 'X-A': 'a\r\nVia: x' } }, 'invalid_argument'],
    [{ play_dialtone: true }, 'unimplemented'],
  ] as const)('%j: %s', async (change, code) => {
    const answer = await call(server(), 'TransferSIPParticipant', { ...WHERE, ...change }, transferrer);
    expect(answer.body).toMatchObject({ code });
  });

  test.each([
    ['no call', { video: { roomAdmin: true, room: 'lobby' } }],
    ['no room', { sip: { call: true } }],
    ['another room', { sip: { call: true }, video: { roomAdmin: true, room: 'other' } }],
  ])('a token with %s is denied', async (_what, rights) => {
    const to = server();
    const answer = await call(to, 'TransferSIPParticipant', WHERE, rights);
    expect(answer.body).toMatchObject({ code: 'unauthenticated' });
    expect(to.transfers).toEqual([]);
  });
});
