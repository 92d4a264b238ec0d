import { CreateSIPInboundTrunkRequest, SIPInboundTrunkInfo } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bearer } from './backend.ts';
import { direct, inbound, make, outbound } from './sip-provisioning.ts';
import { admin, call, server } from './sip-server.ts';

/** An inbound trunk with all that LiveKit has a field for. */
const INBOUND = {
  name: 'Carrier',
  metadata: '{"mine":1,"trunkroom":{"country":"MY","max_calls":2,"calls_per_second":3,"answer":""}}',
  numbers: ['+60 3-8765 4321'],
  allowed_addresses: ['203.0.113.0/28'],
  allowed_numbers: ['+60123456789'],
  auth_username: 'carrier',
  auth_password: 'swordfish',
  auth_realm: 'here',
  headers: { 'X-Ours': '1' },
  headers_to_attributes: { 'X-Account': 'account' },
  attributes_to_headers: { desk: 'X-Desk' },
  include_headers: 'SIP_X_HEADERS',
  ringing_timeout: '20s',
  max_call_duration: '90s',
  krisp_enabled: true,
  media: {
    encryption: 'SIP_MEDIA_ENCRYPT_ALLOW',
    codecs: [{ name: 'G722', rate: 8000 }],
    media_timeout: '15s',
  },
};

describe('an inbound trunk that is made by API', () => {
  test('is told as LiveKit tells it, is what it says, and its password is told to nobody', async () => {
    const to = server();
    const { answer: _, ...own } = JSON.parse(INBOUND.metadata).trunkroom as Record<string, unknown>;
    const trunk = { ...INBOUND, metadata: JSON.stringify({ mine: 1, trunkroom: own }) };
    const made = await call(to, 'CreateSIPInboundTrunk', { trunk }, admin);
    expect(made).toMatchObject({ status: 200 });
    const { media, ...plain } = trunk;
    expect(made.body).toMatchObject({
      ...{ ...plain, sip_trunk_id: expect.stringMatching(/^ST_\w{12}$/), auth_password: '' },
      ...{ created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' },
    });
    expect(made.body['media']).toMatchObject(media);
    const id = String(made.body['sip_trunk_id']);
    expect(to.plans.at(-1)?.trunks.find((each) => each.id === id)).toMatchObject({
      ...{ id, name: 'Carrier', numbers: ['+60387654321'], allowedAddresses: ['203.0.113.0/28'] },
      ...{ allowedNumbers: ['+60123456789'], country: 'MY', maxCalls: 2, callsPerSecond: 3 },
      auth: { username: 'carrier', password: 'swordfish', realm: 'here', algorithms: ['MD5'] },
      headers: {
        ...{ headers: { 'X-Ours': '1' }, headersToAttributes: { 'X-Account': 'account' } },
        ...{ attributesToHeaders: { desk: 'X-Desk' }, includeHeaders: 'x' },
      },
      ...{ ringingTimeoutMs: 20_000, maxCallDurationMs: 90_000, mediaTimeoutMs: 15_000 },
      ...{ codecs: ['G722', 'PCMA', 'PCMU'], mediaEncryption: 'allowed' },
    });
    const told = await call(to, 'GetSIPInboundTrunk', { sip_trunk_id: id }, admin);
    expect(told.body).toEqual({ trunk: made.body });
    const listed = await call(to, 'ListSIPInboundTrunk', { numbers: ['+60387654321'] }, admin);
    expect((listed.body['items'] as unknown[]).at(-1)).toEqual(made.body);
    const old = await call(to, 'ListSIPTrunk', {}, admin);
    expect(old.body['items']).toContainEqual(
      expect.objectContaining({ sip_trunk_id: id, kind: 'TRUNK_INBOUND', inbound_username: 'carrier' }),
    );
    expect(JSON.stringify([made, told, listed, old, to.events])).not.toContain('swordfish');
    expect(to.events).toContainEqual({
      ...{ type: 'trunk.provisioned', section: 'trunks', id, change: 'made', by: 'devkey' },
    });
    // Kept it must be, or the trunk would let everybody in after the next start.
    expect(to.kept.at(-1)).toContain('swordfish');
  });

  test('is changed field by field, or as a whole, where the password stays with its user', async () => {
    const to = server();
    const id = await make(to, 'CreateSIPInboundTrunk', inbound({ auth_username: 'a', auth_password: 'p1' }));
    const now = () => to.plans.at(-1)?.trunks.find((each) => each.id === id);
    const update = await call(
      to,
      'UpdateSIPInboundTrunk',
      {
        sip_trunk_id: id,
        update: {
          name: 'New',
          numbers: { add: ['+60399998888'] },
          allowed_addresses: { set: ['192.0.2.9'] },
        },
      },
      admin,
    );
    expect(update.body).toMatchObject({ name: 'New', numbers: ['+60311112222', '+60399998888'] });
    expect(now()).toMatchObject({ allowedAddresses: ['192.0.2.9'], auth: { username: 'a', password: 'p1' } });
    const replace = (trunk: object) =>
      call(to, 'UpdateSIPInboundTrunk', { sip_trunk_id: id, replace: trunk }, admin);
    expect((await replace(update.body)).status).toBe(200);
    expect(now()).toMatchObject({ name: 'New', auth: { username: 'a', password: 'p1' } });
    expect(await replace({ ...update.body, auth_username: 'b' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_argument', msg: expect.stringContaining('auth_password') },
    });
    expect((await replace(inbound({ auth_username: '' }).trunk)).status).toBe(200);
    expect(now()?.auth).toBeUndefined();
    expect(await replace({ ...inbound().trunk, sip_trunk_id: 'ST_other' })).toMatchObject({ status: 400 });
  });

  test('is gone when it is deleted, and was never there for a second time', async () => {
    const to = server();
    const id = await make(to, 'CreateSIPInboundTrunk', inbound());
    expect(await call(to, 'DeleteSIPTrunk', { sip_trunk_id: id }, admin)).toMatchObject({
      ...{ status: 200, body: { sip_trunk_id: id } },
    });
    expect(to.plans.at(-1)?.trunks.map((trunk) => trunk.id)).toEqual(['in', 'any']);
    expect(await call(to, 'DeleteSIPTrunk', { sip_trunk_id: id }, admin)).toMatchObject({
      ...{ status: 404, body: { code: 'not_found' } },
    });
    expect(to.kept.at(-1)).not.toContain(id);
  });

  test.each([
    ['no address', { allowed_addresses: [] }, 'allowed_addresses: at least one address'],
    ['everybody', { allowed_addresses: ['0.0.0.0/0'] }, 'names everybody'],
    ['a name for an address', { allowed_addresses: ['carrier.example'] }, 'allowed_addresses[0]'],
    ['a user alone', { auth_username: 'a' }, 'auth_password'],
    ['an own header', { headers: { Via: 'x' } }, 'headers.Via'],
    ['a number that is none', { numbers: ['a b'] }, 'numbers[0]'],
    ['a codec that is none', { media: { codecs: [{ name: 'G729' }] } }, 'codecs[0]'],
    ['a time below zero', { ringing_timeout: '-3s' }, 'ringing_timeout'],
    ['an id', { sip_trunk_id: 'ST_mine' }, 'must be empty'],
    ['a setting that is none', { metadata: '{"trunkroom":{"max_call":1}}' }, 'did you mean max_calls?'],
    ['a setting elsewhere', { metadata: '{"trunkroom":{"numbers":[]}}' }, 'trunkroom.numbers cannot'],
    ['a file of ours', { metadata: '{"trunkroom":{"auth_password_file":"/etc/shadow"}}' }, 'cannot be said'],
    ['web phones', { metadata: '{"trunkroom":{"transports":["ws"]}}' }, 'web phones'],
    ['settings that are no map', { metadata: '{"trunkroom":7}' }, 'must be a map'],
    ['a registration of nobody', { metadata: '{"trunkroom":{"registration":"x"}}' }, 'no outbound trunk x'],
  ])('is refused with %s', async (_, change, words) => {
    const to = server();
    const refused = await call(to, 'CreateSIPInboundTrunk', inbound(change), admin);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
    expect(refused.body['msg']).toContain(words);
    expect(to).toMatchObject({ plans: [], kept: [], faults: [] });
  });

  test.each([
    ['the numbers of another one that was made', inbound(), 'ST_'],
    [
      'those of the configuration',
      inbound({ numbers: ['60312345678'], allowed_addresses: ['192.0.2.1'] }),
      'in:',
    ],
    [
      'all numbers, as the configuration has them',
      inbound({ numbers: [], allowed_addresses: ['192.0.2.0/30'] }),
      'any:',
    ],
  ])('is refused when it has %s', async (_, body, other) => {
    const to = server();
    await make(to, 'CreateSIPInboundTrunk', inbound());
    const refused = await call(to, 'CreateSIPInboundTrunk', body, admin);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
    expect(refused.body['msg']).toContain(`conflicts with the inbound trunk ${other}`);
    expect(to.plans).toHaveLength(1);
  });

  test('by protobuf, too', async () => {
    const to = server();
    const trunk = new SIPInboundTrunkInfo({ allowedAddresses: ['198.51.100.1'] });
    const response = await to.app.request('/twirp/livekit.SIP/CreateSIPInboundTrunk', {
      ...{ method: 'POST', body: new CreateSIPInboundTrunkRequest({ trunk }).toBinary() as never },
      headers: { 'content-type': 'application/protobuf', authorization: await bearer(admin) },
    });
    const made = SIPInboundTrunkInfo.fromBinary(new Uint8Array(await response.arrayBuffer()));
    expect(made.sipTrunkId).toMatch(/^ST_/);
    expect(to.plans.at(-1)?.trunks.at(-1)?.id).toBe(made.sipTrunkId);
  });
});

describe('what is there', () => {
  test.each([
    ['UpdateSIPInboundTrunk', { sip_trunk_id: 'in', update: { name: 'x' } }],
    ['UpdateSIPOutboundTrunk', { sip_trunk_id: 'out', update: { name: 'x' } }],
    ['UpdateSIPDispatchRule', { sip_dispatch_rule_id: 'one', update: { name: 'x' } }],
    ['DeleteSIPTrunk', { sip_trunk_id: 'in' }],
    ['DeleteSIPTrunk', { sip_trunk_id: 'out' }],
    ['DeleteSIPDispatchRule', { sip_dispatch_rule_id: 'one' }],
  ])('in the configuration is not changed by API: %s', async (name, body) => {
    const to = server();
    expect(await call(to, name, body, admin)).toMatchObject({
      status: 412,
      body: { code: 'failed_precondition', msg: expect.stringContaining('stands in the configuration') },
    });
    expect(to.kept).toEqual([]);
  });

  test.each([
    ['UpdateSIPInboundTrunk', { sip_trunk_id: 'ST_no', update: { name: 'x' } }, 404],
    ['UpdateSIPInboundTrunk', { sip_trunk_id: 'ST_no' }, 400],
    ['UpdateSIPInboundTrunk', { update: {} }, 400],
    ['UpdateSIPDispatchRule', { sip_dispatch_rule_id: 'SDR_no', update: { name: 'x' } }, 404],
    ['DeleteSIPDispatchRule', { sip_dispatch_rule_id: 'SDR_no' }, 404],
    ['DeleteSIPDispatchRule', {}, 400],
    ['GetSIPInboundTrunk', { sip_trunk_id: 'ST_no' }, 404],
    ['GetSIPOutboundTrunk', { sip_trunk_id: 'ST_no' }, 404],
    ['CreateSIPInboundTrunk', {}, 400],
    ['CreateSIPOutboundTrunk', {}, 400],
    ['CreateSIPTrunk', {}, 501],
  ])('not: %s of %j', async (name, body, status) => {
    expect((await call(server(), name, body, admin)).status).toBe(status);
  });

  test('comes before what is made, is no more than may be, and one change comes after the other', async () => {
    const to = server();
    const wanted = Array.from({ length: 5 }, (_, i) => inbound({ numbers: [`+6031111000${i}`] }));
    const made = await Promise.all(
      wanted.map((body) => call(to, 'CreateSIPInboundTrunk', body, admin).then(({ status }) => status)),
    );
    // Which of them comes first, its token's check decides.
    expect(made.sort()).toEqual([200, 200, 200, 429, 429]);
    expect(to.plans.at(-1)?.trunks.map(({ id }) => id)).toEqual([
      ...['in', 'any'],
      ...[1, 2, 3].map(() => expect.stringMatching(/^ST_/)),
    ]);
    expect(to.plans).toHaveLength(3);
  });

  test('does not change when it cannot be kept', async () => {
    const to = server(undefined, 'broken');
    expect(await call(to, 'CreateSIPInboundTrunk', inbound(), admin)).toEqual({
      status: 503,
      body: {
        code: 'unavailable',
        msg: 'nothing is changed, for it cannot be kept: no space left on device',
      },
    });
    expect(to.plans).toEqual([]);
    expect((await call(to, 'ListSIPInboundTrunk', {}, admin)).body['items']).toHaveLength(2);
  });

  test('is there again after a restart, secrets and all', async () => {
    const to = server();
    const id = await make(to, 'CreateSIPInboundTrunk', inbound({ auth_username: 'a', auth_password: 'p1' }));
    const out = await make(to, 'CreateSIPOutboundTrunk', outbound());
    await make(to, 'CreateSIPDispatchRule', { rule: direct('hall', '42'), trunk_ids: [id] });
    await make(to, 'CreateSIPDispatchRule', { rule: direct('yard'), trunk_ids: [id] });
    await call(to, 'DeleteSIPTrunk', { sip_trunk_id: out }, admin);
    const again = server();
    expect(again.provisions.restore(to.kept.at(-1) ?? '')).toEqual({ ok: true, value: undefined });
    expect(again.plans).toEqual([to.plans.at(-1)]);
    for (const name of ['ListSIPInboundTrunk', 'ListSIPOutboundTrunk', 'ListSIPDispatchRule'])
      expect((await call(again, name, {}, admin)).body).toEqual((await call(to, name, {}, admin)).body);
    // A rule whose trunk is gone does not keep a gateway from starting.
    await call(again, 'DeleteSIPTrunk', { sip_trunk_id: id }, admin);
    expect(server().provisions.restore(again.kept.at(-1) ?? '').ok).toBe(true);
  });

  test.each([
    ['no JSON', '{', 'is no JSON'],
    ['another version', '{"version":2,"trunks":[],"outbound_trunks":[],"rules":[]}', 'version'],
    [
      'what is no trunk',
      '{"version":1,"trunks":[{"numbers":7}],"outbound_trunks":[],"rules":[]}',
      'inbound trunk',
    ],
    [
      'a trunk that is wrong, without telling its password',
      '{"version":1,"trunks":[{"sipTrunkId":"ST_1","authPassword":"swordfish"}],"outbound_trunks":[],"rules":[]}',
      'trunks ST_1: allowed_addresses',
    ],
    [
      'an id of the configuration',
      '{"version":1,"trunks":[],"outbound_trunks":[],"rules":[{"sipDispatchRuleId":"a","rule":{"dispatchRuleDirect":{"roomName":"r"}}},{"sipDispatchRuleId":"b","metadata":"{\\"trunkroom\\":{\\"answer\\":\\"after-pin\\"}}","rule":{"dispatchRuleDirect":{"roomName":"r"}}}]}',
      'rules b: answer',
    ],
  ])('is not taken up from %s', (_, text, words) => {
    const to = server();
    const restored = to.provisions.restore(text);
    expect(restored).toMatchObject({ ok: false });
    const faults = restored.ok ? '' : restored.error.join('\n');
    expect(faults).toContain(words);
    expect(faults).not.toContain('swordfish');
    expect(to.plans).toEqual([]);
  });
});

test('whatever a message says, it is answered, and nothing breaks', async () => {
  const to = server();
  const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('{"trunkroom":{}}', '+60', '', '*'));
  const list = fc.array(text, { maxLength: 3 });
  const trunk = fc.record(
    {
      ...{ name: text, metadata: text, numbers: list, allowed_addresses: list, allowed_numbers: list },
      ...{ address: text, auth_username: text, auth_password: text, destination_country: text },
      headers: fc.dictionary(text, text, { maxKeys: 2 }),
      ringing_timeout: fc.integer({ min: -1e9, max: 1e9 }).map((s) => `${s}s`),
      media: fc.record({ codecs: fc.array(fc.record({ name: text, rate: fc.nat() }), { maxLength: 2 }) }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('CreateSIPInboundTrunk', 'CreateSIPOutboundTrunk'),
      trunk,
      async (name, one) => {
        const { address: _, destination_country: __, ...other } = one as Record<string, unknown>;
        const body = {
          trunk: name === 'CreateSIPInboundTrunk' ? other : { ...one, allowed_addresses: undefined },
        };
        const { status } = await call(to, name, body, admin);
        expect([200, 400, 429]).toContain(status);
      },
    ),
    { numRuns: 150 },
  );
  expect(to.faults).toEqual([]);
});
