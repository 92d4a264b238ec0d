import { CreateSIPParticipantRequest, SIPParticipantInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { Hono } from 'hono';
import { AccessToken, type SIPGrant, type VideoGrant } from 'livekit-server-sdk';
import { describe, expect, test, vi } from 'vitest';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';
import { sipService } from '../../../src/api/sip-service.ts';
import { twirpRoutes } from '../../../src/api/twirp.ts';
import { fail, ok, type Result } from '../../../src/base/result.ts';
import type { CallOrder, PlacedCall, PlaceRefusal } from '../../../src/call/dialer.ts';
import type { PlacedCallListener } from '../../../src/call/outgoing-options.ts';
import type { PhoneCalls } from '../../../src/call/phone-calls.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { ReferOutcome } from '../../../src/sip/refer-progress.ts';
import { outboundTrunk, rule, target, trunk } from '../trunk/trunks.ts';

const secret = 'a secret that is long enough for HS256';
const tokens = new AccessTokens(new Map([['devkey', secret]]), { unixMs: Date.now });
const ACCOUNT = { username: 'u', password: 'hunter2', realms: ['r'] };

function server(refusal?: PlaceRefusal) {
  const orders: CallOrder[] = [];
  const events: GatewayEvent[] = [];
  let listener: PlacedCallListener | undefined;
  const out = outboundTrunk({
    id: 'out',
    country: 'MY',
    account: ACCOUNT,
    targets: [target('a', { transport: 'tls' })],
  });
  const app = new Hono();
  const transfers: unknown[] = [];
  let over: (outcome: ReferOutcome) => void = () => {};
  const transfer: PhoneCalls['transfer'] = (phone, request, its) => {
    transfers.push([phone, request]);
    if (phone.identity === 'nobody') return fail('no-such-call');
    if (request.to === 'no number') return fail('bad-target');
    over = (outcome) => its.over(outcome);
    return ok(undefined);
  };
  const placeCall = (order: CallOrder, its: PlacedCallListener): Result<PlacedCall, PlaceRefusal> => {
    orders.push(order);
    listener = its;
    if (refusal !== undefined) return fail(refusal);
    return ok({
      id: 'SCL_1',
      identity: order.identity ?? 'sip_x',
      participant: 'PA_1',
      hangUp() {},
      hold() {},
      resume() {},
    });
  };
  const service = sipService({
    trunks: [
      trunk({
        id: 'in',
        numbers: ['+60312345678'],
        auth: { username: 'u', password: 'hunter2', realm: 'r', algorithms: ['MD5'] },
      }),
      trunk({ id: 'any' }),
    ],
    outboundTrunks: [out, outboundTrunk({ id: 'other', numbers: ['+6561234567'] })],
    rules: [
      rule({
        id: 'one',
        trunkIds: ['in'],
        room: { kind: 'individual', roomPrefix: 'call-', randomize: true },
      }),
      rule({ id: 'two', room: { kind: 'direct', roomName: 'lobby' } }),
      rule({ id: 'three', trunkIds: ['other'] }),
    ],
    dialer: { placeCall },
    calls: { transfer },
  });
  const faults: unknown[] = [];
  twirpRoutes(
    app,
    { SIP: service },
    {
      verifier: tokens,
      clock: { now: () => 0 },
      emit: (event) => events.push(event),
      onFault: (error) => faults.push(error),
    },
  );
  return {
    ...{ app, orders, events, faults, out, transfers, listener: () => listener! },
    over: (outcome: ReferOutcome) => over(outcome),
  };
}

type Server = ReturnType<typeof server>;
interface Rights {
  readonly sip?: SIPGrant;
  readonly video?: VideoGrant;
}

async function bearer({ sip, video }: Rights): Promise<string> {
  const token = new AccessToken('devkey', secret, { identity: 'backend', ttl: 60 });
  if (sip !== undefined) token.addSIPGrant(sip);
  if (video !== undefined) token.addGrant(video);
  return `Bearer ${await token.toJwt()}`;
}

async function call(to: Server, name: string, body: unknown, rights: Rights) {
  const response = await to.app.request(`/twirp/livekit.SIP/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: await bearer(rights) },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const caller = { sip: { call: true } };
const admin = { sip: { admin: true } };
const ORDER = { sip_trunk_id: 'out', sip_call_to: '+60123456789', room_name: 'lobby' };

describe('CreateSIPParticipant', () => {
  test('places what the request says, all of it', async () => {
    const to = server();
    const answered = await call(
      to,
      'CreateSIPParticipant',
      {
        ...ORDER,
        sip_number: '+60312345678',
        participant_identity: 'callee',
        participant_name: 'Callee',
        participant_metadata: 'meta',
        participant_attributes: { team: 'red' },
        dtmf: '1w2',
        hide_phone_number: true,
        headers: { 'X-Call': '7' },
        include_headers: 'SIP_X_HEADERS',
        ringing_timeout: '20s',
        max_call_duration: '90.5s',
        display_name: 'Help Desk',
      },
      caller,
    );
    expect(answered.status).toBe(200);
    expect(answered.body).toEqual({
      participant_id: 'PA_1',
      participant_identity: 'callee',
      room_name: 'lobby',
      sip_call_id: 'SCL_1',
    });
    expect(to.orders).toEqual([
      {
        trunk: to.out,
        to: '+60123456789',
        from: '+60312345678',
        displayName: 'Help Desk',
        room: 'lobby',
        identity: 'callee',
        name: 'Callee',
        metadata: 'meta',
        attributes: new Map([['team', 'red']]),
        hidePhoneNumber: true,
        ringingTimeoutMs: 20_000,
        maxCallDurationMs: 90_500,
        headers: { 'X-Call': '7' },
        includeHeaders: 'x',
        dtmf: '1w2',
      },
    ]);
  });

  test('takes protobuf and answers in kind; what was not said is not made up', async () => {
    const to = server();
    const request = new CreateSIPParticipantRequest({
      ...{ sipTrunkId: 'out', sipCallTo: '8001', roomName: 'lobby' },
    });
    const response = await to.app.request('/twirp/livekit.SIP/CreateSIPParticipant', {
      method: 'POST',
      headers: { 'content-type': 'application/protobuf', authorization: await bearer(caller) },
      body: new Uint8Array(request.toBinary()),
    });
    const info = SIPParticipantInfo.fromBinary(new Uint8Array(await response.arrayBuffer()));
    expect(info).toMatchObject({ participantId: 'PA_1', participantIdentity: 'sip_x', sipCallId: 'SCL_1' });
    const said = Object.entries(to.orders[0]!).filter(([, value]) => value !== undefined);
    expect(Object.fromEntries(said)).toEqual({
      ...{ trunk: to.out, to: '8001', room: 'lobby', metadata: '', attributes: new Map(), headers: {} },
      ...{ hidePhoneNumber: false, dtmf: '' },
    });
  });

  test('waits for the answer where that is asked for', async () => {
    const to = server();
    const pending = call(to, 'CreateSIPParticipant', { ...ORDER, wait_until_answered: true }, caller);
    let done = false;
    void pending.then(() => {
      done = true;
    });
    await expect.poll(() => to.orders.length).toBe(1);
    to.listener().ringing();
    await Promise.resolve();
    expect(done).toBe(false);
    to.listener().answered();
    expect(await pending).toMatchObject({ status: 200, body: { sip_call_id: 'SCL_1' } });
    to.listener().over({ cause: 'bye', sipStatus: 200, q850: 16, fault: 'none' }, 1000);
    expect(to.faults).toEqual([]);
  });

  test.each([
    [486, 'resource_exhausted', 429, 'Busy Here'],
    [603, 'permission_denied', 403, 'Decline'],
    [404, 'not_found', 404, 'Not Found'],
    [408, 'deadline_exceeded', 408, 'Request Timeout'],
    [487, 'aborted', 409, 'Request Terminated'],
    [503, 'failed_precondition', 412, 'Service Unavailable'],
    [488, 'invalid_argument', 400, 'Not Acceptable Here'],
    [499, 'invalid_argument', 400, 'Unknown'],
  ])('says why nobody answered: %i', async (sipStatus, code, http, phrase) => {
    const to = server();
    const pending = call(to, 'CreateSIPParticipant', { ...ORDER, wait_until_answered: true }, caller);
    await expect.poll(() => to.orders.length).toBe(1);
    to.listener().over({ cause: 'busy', sipStatus, q850: 17, fault: 'none' }, 0);
    expect(await pending).toEqual({
      status: http,
      body: {
        code,
        msg: `sip status: ${sipStatus}: ${phrase} (busy)`,
        meta: { sip_status_code: `${sipStatus}`, sip_status: phrase, q850_cause: '17', cause: 'busy' },
      },
    });
    // Nobody abuses the API by calling who is busy.
    expect(to.events).toEqual([]);
  });

  test.each<[PlaceRefusal, string, number]>([
    ['bad-number', 'invalid_argument', 400],
    ['bad-caller', 'invalid_argument', 400],
    ['bad-digits', 'invalid_argument', 400],
    ['trunk-disabled', 'failed_precondition', 412],
    ['country-not-allowed', 'permission_denied', 403],
    ['trunk-limit', 'resource_exhausted', 429],
    ['no-worker', 'unavailable', 503],
    ['stopping', 'unavailable', 503],
  ])('names what keeps a call from being placed: %s', async (refusal, code, status) => {
    const answered = await call(server(refusal), 'CreateSIPParticipant', ORDER, caller);
    expect(answered).toEqual({ status, body: { code, msg: `the call is not placed: ${refusal}` } });
  });

  test.each([
    ['no trunk', { sip_trunk_id: '' }, 'invalid_argument'],
    ['an unknown trunk', { sip_trunk_id: 'in' }, 'not_found'],
    ['no number', { sip_call_to: '' }, 'invalid_argument'],
    ['no room', { room_name: '' }, 'invalid_argument'],
    ['a header of SIP', { headers: { Via: 'x' } }, 'invalid_argument'],
    ['a header that is none', { headers: { 'X y': 'x' } }, 'invalid_argument'],
    ['a value of two lines', { headers: { 'X-A': 'a\r\nVia: b' } }, 'invalid_argument'],
    [
      'too many headers',
      { headers: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`X-${i}`, ''])) },
      'invalid_argument',
    ],
    ['metadata without end', { participant_metadata: 'x'.repeat(70_000) }, 'invalid_argument'],
    ['a trunk of its own', { trunk: { hostname: 'evil.example' } }, 'unimplemented'],
  ])('refuses %s', async (_name, change, code) => {
    const to = server();
    const answered = await call(to, 'CreateSIPParticipant', { ...ORDER, ...change }, caller);
    expect(answered.body['code']).toBe(code);
    expect(to.orders).toEqual([]);
  });

  test.each([
    ['nothing', {}, undefined],
    ['the old field', { media_encryption: 'SIP_MEDIA_ENCRYPT_REQUIRE' }, 'required'],
    ['the old field\u2019s default', { media_encryption: 'SIP_MEDIA_ENCRYPT_DISABLE' }, undefined],
    ['media', { media: { encryption: 'SIP_MEDIA_ENCRYPT_ALLOW' } }, 'allowed'],
    ['media against the old field', { media: { encryption: 0 }, media_encryption: 2 }, 'disabled'],
  ])('encrypts as %s says', async (_name, change, encryption) => {
    const to = server();
    await call(to, 'CreateSIPParticipant', { ...ORDER, ...change }, caller);
    expect(to.orders[0]?.mediaEncryption).toBe(encryption);
  });

  test('any numbers and names: an answer, and never a fault', async () => {
    const to = server();
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.string(), async (number, name, value) => {
        const change = { sip_call_to: number, headers: { [name]: value }, ringing_timeout: '1s' };
        const answered = await call(to, 'CreateSIPParticipant', { ...ORDER, ...change }, caller);
        expect([200, 400, 429]).toContain(answered.status);
      }),
      { numRuns: 50 },
    );
    expect(to.faults).toEqual([]);
  });
});

describe('trunks and rules', () => {
  test('are listed as the configuration has them, without passwords', async () => {
    const to = server();
    const inbound = await call(to, 'ListSIPInboundTrunk', {}, admin);
    expect(inbound.body['items']).toMatchObject([
      {
        sip_trunk_id: 'in',
        numbers: ['+60312345678'],
        auth_username: 'u',
        auth_realm: 'r',
        ringing_timeout: '30s',
      },
      { sip_trunk_id: 'any', allowed_addresses: ['192.0.2.0/24'] },
    ]);
    const outbound = await call(to, 'ListSIPOutboundTrunk', {}, admin);
    expect(outbound.body['items']).toMatchObject([
      { sip_trunk_id: 'out', address: '10.0.2.1', transport: 'SIP_TRANSPORT_TLS', destination_country: 'MY' },
      { sip_trunk_id: 'other', transport: 'SIP_TRANSPORT_UDP' },
    ]);
    const rules = await call(to, 'ListSIPDispatchRule', {}, admin);
    expect(rules.body['items']).toMatchObject([
      {
        sip_dispatch_rule_id: 'one',
        trunk_ids: ['in'],
        rule: { dispatch_rule_individual: { room_prefix: 'call-', no_randomness: false } },
      },
      { sip_dispatch_rule_id: 'two', rule: { dispatch_rule_direct: { room_name: 'lobby' } } },
      { sip_dispatch_rule_id: 'three', rule: { dispatch_rule_callee: { room_prefix: '' } } },
    ]);
    expect(JSON.stringify([inbound, outbound, rules])).not.toContain('hunter2');
  });

  const ids = (body: Record<string, unknown>) =>
    (body['items'] as Record<string, string>[]).map(
      (item) => item['sip_trunk_id'] ?? item['sip_dispatch_rule_id'],
    );

  test.each([
    ['ListSIPInboundTrunk', { trunk_ids: ['any'] }, ['any']],
    ['ListSIPInboundTrunk', { numbers: ['+60312345678'] }, ['in', 'any']],
    ['ListSIPInboundTrunk', { numbers: ['+1'] }, ['any']],
    ['ListSIPOutboundTrunk', { page: { limit: 1 } }, ['out']],
    ['ListSIPOutboundTrunk', { page: { after_id: 'out' } }, ['other']],
    ['ListSIPDispatchRule', { trunk_ids: ['in'] }, ['one', 'two']],
    ['ListSIPDispatchRule', { dispatch_rule_ids: ['three'] }, ['three']],
  ])('%s of %j', async (name, body, expected) => {
    expect(ids((await call(server(), name, body, admin)).body)).toEqual(expected);
  });

  test.each(['CreateSIPInboundTrunk', 'UpdateSIPOutboundTrunk', 'DeleteSIPTrunk', 'CreateSIPDispatchRule'])(
    '%s is not for the API, and says so',
    async (name) => {
      expect(await call(server(), name, {}, admin)).toEqual({
        status: 501,
        body: {
          code: 'unimplemented',
          msg: 'trunks and dispatch rules come from the configuration of this server',
        },
      });
    },
  );
});

test.each([
  ['CreateSIPParticipant', ORDER, admin],
  ['CreateSIPParticipant', ORDER, { video: { roomAdmin: true, roomCreate: true, room: 'lobby' } }],
  ['ListSIPInboundTrunk', {}, caller],
  ['ListSIPOutboundTrunk', {}, caller],
  ['ListSIPDispatchRule', {}, caller],
  ['DeleteSIPTrunk', {}, caller],
])('%s wants its own grant', async (name, body, rights) => {
  const to = server();
  expect(await call(to, name, body, rights)).toMatchObject({
    status: 401,
    body: { code: 'unauthenticated', msg: 'permissions denied' },
  });
  expect(to.orders).toEqual([]);
});

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
