import {
  ClientInfo,
  ClientInfo_Capability,
  JoinRequest,
  ParticipantInfo_KindDetail,
  WrappedJoinRequest,
} from '@livekit/protocol';
import { expect, test } from 'vitest';
import { base64 } from '../../../src/base/bytes.ts';
import { ok } from '../../../src/base/result.ts';
import { admit, type SignalUrl } from '../../../src/peer/admission.ts';
import { kindDetailsClaim, readGrants } from '../../../src/peer/grants.ts';
import { Client, Rig } from './rig.ts';

const { CAP_COMPRESSION_DEFLATE_RAW, CAP_PACKET_TRAILER } = ClientInfo_Capability;
const claims = { sub: 'ada', video: { room: 'lobby', roomJoin: true } };

async function client(path: SignalUrl['path'], query: Record<string, string>) {
  const grants = readGrants('devkey', claims);
  const admitted = await admit(
    { path, bearer: 'token', query: (name) => query[name] },
    { verify: () => Promise.resolve(grants) },
    () => undefined,
  );
  return admitted.ok ? admitted.value.client : admitted.error;
}

const joinRequest = (info: ClientInfo) => ({
  join_request: base64(
    new WrappedJoinRequest({ joinRequest: new JoinRequest({ clientInfo: info }).toBinary() }).toBinary(),
  ),
});

test.each([
  ['0', '', 0, []],
  [
    '2',
    'CAP_PACKET_TRAILER, CAP_COMPRESSION_DEFLATE_RAW',
    2,
    [CAP_PACKET_TRAILER, CAP_COMPRESSION_DEFLATE_RAW],
  ],
  ['-1', 'CAP_UNUSED,CAP_FLYING,CAP_PACKET_TRAILER,CAP_PACKET_TRAILER', 0, [CAP_PACKET_TRAILER]],
  ['1e9', ',,,', 0, []],
  ['x', 'toString', 0, []],
])('a client at /rtc says %j and %j', async (said, capabilities, protocol, numbers) => {
  expect(await client('/rtc', { client_protocol: said, capabilities })).toEqual({
    protocol,
    capabilities: numbers,
  });
});

test('a client at /rtc/v1 says it in its join request', async () => {
  const info = new ClientInfo({
    clientProtocol: 2,
    capabilities: [CAP_PACKET_TRAILER, 0, 99 as ClientInfo_Capability],
  });
  const said = { protocol: 2, capabilities: [CAP_PACKET_TRAILER] };
  expect(await client('/rtc/v1', joinRequest(info))).toEqual(said);
  expect(await client('/rtc/v1', {})).toEqual({ protocol: 0, capabilities: [] });
});

test('a token names details of a kind, and its renewal names them again', () => {
  const read = (kindDetails: unknown) => {
    const grants = readGrants('devkey', { ...claims, kindDetails });
    return grants.ok ? grants.value.kindDetails : undefined;
  };
  const { CLOUD_AGENT, FORWARDED } = ParticipantInfo_KindDetail;
  expect(read(['cloud_agent', 'FORWARDED', 'nonsense', 4, null, 'toString'])).toEqual([
    CLOUD_AGENT,
    FORWARDED,
  ]);
  expect(read(undefined)).toEqual([]);
  expect(read('forwarded')).toEqual([]);
  expect(kindDetailsClaim([CLOUD_AGENT, FORWARDED])).toEqual(['cloud_agent', 'forwarded']);
});

test('others are told of it', () => {
  const rig = new Rig();
  const bob = new Client(rig, { identity: 'bob' });
  const ada = new Client(rig, { client: { protocol: 2, capabilities: [CAP_PACKET_TRAILER] } });
  const self = { clientProtocol: 2, capabilities: [CAP_PACKET_TRAILER], kindDetails: [] };
  expect(ada.last('join').participant).toMatchObject(self);
  expect(bob.last('update').participants[0]).toMatchObject(self);
  expect(ok(bob.last('join').participant).value).toMatchObject({ clientProtocol: 0, capabilities: [] });
});
