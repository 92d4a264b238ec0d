import { CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { bearer } from './backend.ts';
import { direct, inbound, make, outbound } from './sip-provisioning.ts';
import { admin, call, caller, ORDER, server } from './sip-server.ts';

describe('an outbound trunk that is made by API', () => {
  test('is called by, changed, and not deleted while another one needs it', async () => {
    const to = server();
    const account = { auth_username: 'u', auth_password: 'swordfish' };
    const metadata = '{"trunkroom":{"register":{"user":"main"},"allowed_countries":["SG"]}}';
    const id = await make(
      to,
      'CreateSIPOutboundTrunk',
      outbound({ ...account, metadata, destination_country: 'MY', transport: 'SIP_TRANSPORT_TLS' }),
    );
    const now = () => to.plans.at(-1)?.outboundTrunks.find((each) => each.id === id);
    expect(now()).toMatchObject({
      ...{ domain: 'sip.carrier.example', country: 'MY', numbers: ['+60311112222'] },
      ...{ targets: [{ transport: 'tls' }], allowedCountries: ['SG'], register: { user: 'main' } },
      account: { ...{ username: 'u', password: 'swordfish' }, realms: ['sip.carrier.example'] },
    });
    expect((await call(to, 'CreateSIPParticipant', { ...ORDER, sip_trunk_id: id }, caller)).status).toBe(200);
    expect(to.orders[0]?.trunk).toBe(now());
    const needs = inbound({ metadata: JSON.stringify({ trunkroom: { registration: id } }) });
    const other = await make(to, 'CreateSIPInboundTrunk', needs);
    const before = now();
    expect(await call(to, 'DeleteSIPTrunk', { sip_trunk_id: id }, admin)).toMatchObject({
      ...{ status: 412, body: { code: 'failed_precondition', msg: expect.stringContaining(other) } },
    });
    // What did not change is the same to the bit: its registration and its health go on.
    expect(now()).toBe(before);
    const update = { numbers: { remove: ['+60311112222'], add: ['*'] }, from_host: 'us.example' };
    await call(to, 'UpdateSIPOutboundTrunk', { sip_trunk_id: id, update }, admin);
    expect(now()).toMatchObject({ numbers: [], fromHost: 'us.example', account: { password: 'swordfish' } });
    await call(to, 'DeleteSIPTrunk', { sip_trunk_id: other }, admin);
    expect((await call(to, 'DeleteSIPTrunk', { sip_trunk_id: id }, admin)).status).toBe(200);
    const gone = await call(to, 'CreateSIPParticipant', { ...ORDER, sip_trunk_id: id }, caller);
    expect(gone).toMatchObject({ status: 404 });
  });

  test.each([
    ['no number', { numbers: [] }, 'no trunk numbers specified'],
    ['no address', { address: '' }, 'no outbound address specified'],
    ['a URI for an address', { address: 'sip:u@carrier.example' }, 'address: a host is expected'],
    ['a country that is none', { destination_country: 'XX' }, 'country'],
  ])('is refused with %s', async (_, change, words) => {
    const refused = await call(server(), 'CreateSIPOutboundTrunk', outbound(change), admin);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
    expect(refused.body['msg']).toContain(words);
  });

  test('by protobuf, too', async () => {
    const to = server();
    const trunk = new SIPOutboundTrunkInfo({ address: '192.0.2.77:5080', numbers: ['*'] });
    const response = await to.app.request('/twirp/livekit.SIP/CreateSIPOutboundTrunk', {
      ...{ method: 'POST', body: new CreateSIPOutboundTrunkRequest({ trunk }).toBinary() as never },
      headers: { 'content-type': 'application/protobuf', authorization: await bearer(admin) },
    });
    expect(response.status).toBe(200);
    expect(to.plans.at(-1)?.outboundTrunks.at(-1)?.targets).toMatchObject([
      { host: '192.0.2.77', port: 5080 },
    ]);
  });
});

describe('a dispatch rule that is made by API', () => {
  test('is told as LiveKit tells it, is what it says, and is changed', async () => {
    const to = server();
    const rule = {
      rule: { dispatch_rule_individual: { room_prefix: 'call-', pin: '1234', no_randomness: true } },
      ...{ trunk_ids: ['in'], hide_phone_number: true, inbound_numbers: ['+60 12-345 6789'], name: 'Desk' },
      ...{ metadata: '{"trunkroom":{"answer":"after-pin","priority":3}}', attributes: { desk: '4' } },
      room_config: {
        ...{ empty_timeout: 60, departure_timeout: 5, max_participants: 4, metadata: 'room' },
        agents: [{ agent_name: 'clerk', metadata: 'greet', attributes: { language: 'en' } }],
      },
    };
    const made = await call(to, 'CreateSIPDispatchRule', { dispatch_rule: rule }, admin);
    expect(made).toMatchObject({ status: 200, body: rule });
    const id = String(made.body['sip_dispatch_rule_id']);
    expect(id).toMatch(/^SDR_\w{12}$/);
    const now = () => to.plans.at(-1)?.rules.find((each) => each.id === id);
    expect(now()).toMatchObject({
      ...{ room: { kind: 'individual', roomPrefix: 'call-', randomize: false }, pin: '1234', priority: 3 },
      ...{ trunkIds: ['in'], hidePhoneNumber: true, inboundNumbers: ['+60123456789'], name: 'Desk' },
      ...{ attributes: { desk: '4' }, policy: { answer: 'after-pin' } },
      roomTerms: {
        ...{ emptyMs: 60_000, departureMs: 5000, maxParticipants: 4, metadata: 'room' },
        agents: [{ agentName: 'clerk', metadata: 'greet', attributes: { language: 'en' } }],
      },
    });
    const update = { name: 'New', attributes: { desk: '', floor: '2' }, rule: direct('hall', '7') };
    const body = { sip_dispatch_rule_id: id, update };
    expect((await call(to, 'UpdateSIPDispatchRule', body, admin)).body).toMatchObject({
      ...{ name: 'New', attributes: { floor: '2' }, rule: direct('hall', '7'), trunk_ids: ['in'] },
    });
    expect(now()).toMatchObject({ room: { kind: 'direct', roomName: 'hall' }, pin: '7' });
    // Whoever writes back what was listed leaves the PIN as it was.
    const [listed] = (await call(to, 'ListSIPDispatchRule', { dispatch_rule_ids: [id] }, admin)).body[
      'items'
    ] as object[];
    await call(to, 'UpdateSIPDispatchRule', { sip_dispatch_rule_id: id, replace: listed }, admin);
    expect(now()?.pin).toBe('7');
    expect((await call(to, 'DeleteSIPDispatchRule', { sip_dispatch_rule_id: id }, admin)).status).toBe(200);
    expect(now()).toBeUndefined();
  });

  test('as LiveKit\u2019s SDKs make it, in the fields of the request', async () => {
    const to = server();
    const body = { rule: direct('desk', '1'), trunk_ids: ['any'], name: 'Desk', attributes: { a: 'b' } };
    const id = await make(to, 'CreateSIPDispatchRule', body);
    expect(to.plans.at(-1)?.rules.at(-1)).toMatchObject({ id, trunkIds: ['any'], attributes: { a: 'b' } });
  });

  test.each([
    ['no choice of room', {}, 'missing rule'],
    ['no name of the room', { rule: direct('') }, 'direct.room_name'],
    ['a PIN that is none', { rule: direct('r', 'abc') }, 'a PIN is'],
    ['a trunk that is none', { rule: direct('r'), trunk_ids: ['ST_x'] }, 'there is no trunk ST_x'],
    ['a preset', { rule: direct('r'), room_preset: 'big' }, 'there is no preset big'],
    ['encryption', { rule: direct('r'), media_encryption: 2 }, 'is said by the trunk'],
    [
      'a policy without what it needs',
      { rule: direct('r'), metadata: '{"trunkroom":{"answer":"after-pin"}}' },
      'answer: the rule asks for no PIN',
    ],
    [
      'what another rule is for',
      { rule: direct('r'), metadata: '{"trunkroom":{"priority":0}}' },
      'conflicts with the dispatch rule two',
    ],
  ])('is refused with %s', async (_, rule, words) => {
    const to = server();
    const refused = await call(to, 'CreateSIPDispatchRule', { dispatch_rule: rule }, admin);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
    expect(refused.body['msg']).toContain(words);
    expect(to.plans).toEqual([]);
  });
});
