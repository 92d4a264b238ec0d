import { createSocket, type Socket } from 'node:dgram';
import { readFileSync, statSync } from 'node:fs';
import { ListUpdate, RoomAgentDispatch, RoomConfiguration, SIPTransport } from '@livekit/protocol';
import { AgentDispatchClient, RoomServiceClient, SipClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { productNode, repositoryRoot } from '../support/root.ts';
import { runSipp } from '../support/sipp.ts';
import { newWorkspace } from '../support/workspace.ts';

/**
 * Trunks and rules that LiveKit's server SDK makes while the gateway runs, without any in its configuration but one that lets nobody
 * near: real phones (SIPp) come in and are called by them, until they are deleted.
 */
const file = `${newWorkspace('provisioning')}/trunks.json`;
const SETTINGS = {
  TRUNKROOM_SIP_API_FILE: file,
  TRUNKROOM_TRUNKS: '[{id: far, allowed_addresses: [203.0.113.1]}]',
};
let gateway: Gateway;
let sip: SipClient;
let rooms: RoomServiceClient;

async function open(): Promise<void> {
  gateway = await Gateway.start(SETTINGS);
  sip = new SipClient(gateway.url, 'devkey', 'secret');
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
}

/** One call by SIPp to a number, which is answered, or is not for so long that it would have been. */
async function isAnswered(user: string, withinMs: number): Promise<boolean> {
  const target = { port: gateway.ports.sip, user };
  return (await runSipp({ target, calls: 1, rate: 1, holdMs: 300, withinMs })).successful === 1;
}

const expectAnswer = async (user: string) => expect(await isAnswered(user, 20_000)).toBe(true);
const expectNoAnswer = async (user: string) => expect(await isAnswered(user, 3000)).toBe(false);

beforeAll(() => open());
afterAll(() => gateway?.stop());

test('a phone is a stranger, comes in by a trunk and a rule that are made, and is a stranger again', async () => {
  await expectNoAnswer('0312345678');
  const trunk = await sip.createSipInboundTrunk('SIPp', ['+60312345678'], {
    ...{ allowedAddresses: ['127.0.0.1'], metadata: '{"trunkroom":{"country":"MY"}}' },
  });
  expect(trunk.sipTrunkId).toMatch(/^ST_/);
  // There is a trunk, and no rule yet.
  await expectNoAnswer('0312345678');
  const rule = await sip.createSipDispatchRule(
    { type: 'callee', roomPrefix: 'did-' },
    { trunkIds: [trunk.sipTrunkId], name: 'All', attributes: { desk: '4' } },
  );
  expect(rule.sipDispatchRuleId).toMatch(/^SDR_/);
  await expectAnswer('0312345678');
  expect((await rooms.listRooms()).map(({ name }) => name)).toEqual(['did-+60312345678']);
  await expectNoAnswer('0312345679');
  await sip.updateSipInboundTrunkFields(trunk.sipTrunkId, {
    numbers: new ListUpdate({ add: ['+60312345679'] }),
  });
  await expectAnswer('0312345679');

  // What explains a call knows them, too, by the file that they are kept in.
  const explained = new Child(
    'explain',
    productNode,
    [
      ...[`${repositoryRoot}src/app/cli.ts`, 'explain', '--dev', '--source', '127.0.0.1'],
      ...['--from', '+60123456789', '--to', '0312345678'],
    ],
    SETTINGS,
  );
  expect((await explained.exited).code).toBe(0);
  expect(explained.tail()).toContain(`by trunk ${trunk.sipTrunkId}, rule ${rule.sipDispatchRuleId}`);

  await gateway.stop();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await open();
  await expectAnswer('0312345678');
  expect(await sip.listSipDispatchRule({ trunkIds: [trunk.sipTrunkId] })).toEqual([rule]);

  await sip.deleteSipDispatchRule(rule.sipDispatchRuleId);
  await expectNoAnswer('0312345678');
  await sip.deleteSipTrunk(trunk.sipTrunkId);
  await expectNoAnswer('0312345678');
  const metrics = await gateway.metrics();
  // Refused by the rule that is missing, and then not even that: who no trunk names is told nothing.
  expect(metrics.value('trunkroom_calls_refused_total', { reason: 'no-rule' })).toBe(1);
  expect(metrics.value('trunkroom_calls_refused_total')).toBe(1);
});

test('credentials that a trunk is given are asked for from the next call on', async () => {
  const trunk = await sip.createSipInboundTrunk('SIPp', ['+60312345678'], {
    ...{ allowedAddresses: ['127.0.0.1'], metadata: '{"trunkroom":{"country":"MY"}}' },
  });
  const agents = [new RoomAgentDispatch({ agentName: 'clerk', metadata: 'greet' })];
  const rule = await sip.createSipDispatchRule(
    { type: 'direct', roomName: 'hall' },
    { roomConfig: new RoomConfiguration({ metadata: 'of calls', agents }) },
  );
  await expectAnswer('0312345678');
  // The call has made the room, as its rule says, and its agent is sent for.
  expect(await rooms.listRooms(['hall'])).toMatchObject([{ metadata: 'of calls' }]);
  const dispatches = await new AgentDispatchClient(gateway.url, 'devkey', 'secret').listDispatch('hall');
  expect(dispatches).toMatchObject([{ agentName: 'clerk', metadata: 'greet' }]);
  const account = { authUsername: 'sipp', authPassword: 'swordfish' };
  await sip.updateSipInboundTrunkFields(trunk.sipTrunkId, account);
  await expectNoAnswer('0312345678');
  expect(JSON.stringify(await sip.listSipInboundTrunk())).not.toContain('swordfish');
  expect(readFileSync(file, 'utf8')).toContain('swordfish');
  await sip.deleteSipDispatchRule(rule.sipDispatchRuleId);
  await sip.deleteSipTrunk(trunk.sipTrunkId);
});

test('an outbound trunk registers, is called by, and takes its binding back when it is deleted', async () => {
  const asked: string[] = [];
  const carrier = await handCarrier(asked);
  const trunk = await sip.createSipOutboundTrunk(
    'Out',
    `127.0.0.1:${carrier.address().port}`,
    ['+60312345678'],
    {
      ...{ transport: SIPTransport.SIP_TRANSPORT_UDP, destinationCountry: 'MY' },
      metadata: '{"trunkroom":{"register":{"user":"main"}}}',
    },
  );
  const said = (pattern: RegExp) => asked.filter((request) => pattern.test(request));
  await eventually('it registers', 15_000, () => said(/^REGISTER [\s\S]*expires=3600/).length === 1);
  const placed = sip.createSipParticipant(trunk.sipTrunkId, '0123456789', 'hall', {
    waitUntilAnswered: true,
  });
  await expect(placed).rejects.toMatchObject({ sipStatusCode: 486 });
  expect(said(/^INVITE sip:\+60123456789@/)).toHaveLength(1);
  await sip.deleteSipTrunk(trunk.sipTrunkId);
  await eventually(
    'it takes its binding back',
    15_000,
    () => said(/^REGISTER [\s\S]*expires=0/).length === 1,
  );
  await expect(sip.createSipParticipant(trunk.sipTrunkId, '0123456789', 'hall')).rejects.toMatchObject({
    code: 'not_found',
  });
  carrier.close();
});

/** Binds whoever registers, and is busy to whoever calls: by hand, no SIP stack at all. */
async function handCarrier(asked: string[]): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { port, address }) => {
    const request = bytes.toString('latin1');
    const [method = ''] = request.split(' ');
    if (method !== 'REGISTER' && method !== 'INVITE') return;
    asked.push(request);
    const lines = request.split('\r\n');
    const kept = lines.filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/i.test(line));
    const answered = kept.map((line) => (/^To:/i.test(line) ? `${line};tag=carrier` : line));
    const contacts = lines.filter((line) => method === 'REGISTER' && /^Contact:/i.test(line));
    const status = method === 'REGISTER' ? 'SIP/2.0 200 OK' : 'SIP/2.0 486 Busy Here';
    const response = [status, ...answered, ...contacts, 'Content-Length: 0', '', ''].join('\r\n');
    socket.send(response, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}
