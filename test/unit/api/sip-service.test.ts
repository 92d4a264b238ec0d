import { CreateSIPParticipantRequest, SIPParticipantInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlaceRefusal } from '../../../src/call/call-order.ts';
import { bearer } from './backend.ts';
import { admin, call, caller, ORDER, server } from './sip-server.ts';

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
        play_dialtone: true,
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
        playsDialtone: true,
      },
    ]);
    expect(to.events).toEqual([]);
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
      ...{ hidePhoneNumber: false, dtmf: '', playsDialtone: false },
    });
  });

  test('rings in the room by the old name of it, too', async () => {
    const to = server();
    await call(to, 'CreateSIPParticipant', { ...ORDER, play_ringtone: true }, caller);
    expect(to.orders[0]?.playsDialtone).toBe(true);
  });

  test('noise suppression that is asked for has no effect, and that is told', async () => {
    const to = server();
    const answered = await call(to, 'CreateSIPParticipant', { ...ORDER, krisp_enabled: true }, caller);
    expect(answered.status).toBe(200);
    expect(to.events).toEqual([{ type: 'dropped', where: 'http', reason: 'sip-krisp-enabled', count: 1 }]);
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
    ['codecs of its own', { media: { codecs: [{ name: 'PCMU', rate: 8000 }] } }, 'unimplemented'],
    ['no codecs but its own', { media: { only_listed_codecs: true } }, 'unimplemented'],
    ['a media timeout of its own', { media: { media_timeout: '5s' } }, 'unimplemented'],
    ['a destination', { destination: { country: 'MY' } }, 'unimplemented'],
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
});

test.each([
  ['CreateSIPParticipant', ORDER, admin],
  ['CreateSIPParticipant', ORDER, { video: { roomAdmin: true, roomCreate: true, room: 'lobby' } }],
  ['ListSIPInboundTrunk', {}, caller],
  ['ListSIPOutboundTrunk', {}, caller],
  ['ListSIPDispatchRule', {}, caller],
  ['ListSIPTrunk', {}, caller],
  ['GetSIPInboundTrunk', { sip_trunk_id: 'in' }, caller],
  ['GetSIPOutboundTrunk', { sip_trunk_id: 'out' }, caller],
  ['CreateSIPTrunk', {}, caller],
  ['CreateSIPInboundTrunk', {}, caller],
  ['CreateSIPOutboundTrunk', {}, caller],
  ['UpdateSIPInboundTrunk', {}, caller],
  ['UpdateSIPOutboundTrunk', {}, caller],
  ['DeleteSIPTrunk', {}, caller],
  ['CreateSIPDispatchRule', {}, caller],
  ['UpdateSIPDispatchRule', {}, caller],
  ['DeleteSIPDispatchRule', {}, caller],
])('%s wants its own grant', async (name, body, rights) => {
  const to = server();
  expect(await call(to, name, body, rights)).toMatchObject({
    status: 401,
    body: { code: 'unauthenticated', msg: 'permissions denied' },
  });
  expect(to.orders).toEqual([]);
});
