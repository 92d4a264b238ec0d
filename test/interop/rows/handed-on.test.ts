/** Phones that are not ours hand their calls on: baresip by REFER, SIPp by REFER with Replaces and by an INVITE with Replaces. */
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../../support/baresip.ts';
import { eventually } from '../../support/eventually.ts';
import { freePortBlock } from '../../support/free-ports.ts';
import { Gateway } from '../../support/gateway.ts';
import { faultsHeard } from '../../support/hearing.ts';
import { repositoryRoot } from '../../support/root.ts';
import { runSipp } from '../../support/sipp.ts';

const CALLER = { hz: 440, amplitude: 8000 };
const DESK = { hz: 1000, amplitude: 8000 };
const LISTENER = { hz: 700, amplitude: 8000 };

let gateway: Gateway;
/** First of four ports: of the exchange that takes calls in the place of others only. */
let exchange: number;
let caller: Baresip;
let desk: Baresip;
let listener: Baresip;
let rooms: RoomServiceClient;

beforeAll(async () => {
  caller = await Baresip.start({ user: '+60312345678', tone: CALLER });
  desk = await Baresip.start({ user: '1001', tone: DESK, answer: 'auto' });
  listener = await Baresip.start({ user: '+60399999999', tone: LISTENER });
  exchange = await freePortBlock(4);
  const policy = { transfers: 'allow', transfer_trunk: 'desk', transfer_numbers: ['1001'] };
  const addresses = { allowed_addresses: ['127.0.0.1'] };
  const trunks = [
    { id: 'office', ...addresses, ...policy },
    { id: 'attended', ...addresses, ...policy, numbers: ['attended'], transfer_trunk: 'exchange' },
  ];
  const outbound = [
    { id: 'desk', address: `127.0.0.1:${desk.sipPort}` },
    { id: 'exchange', address: `127.0.0.1:${exchange}` },
  ];
  gateway = await Gateway.start({
    TRUNKROOM_TRUNKS: JSON.stringify(trunks),
    TRUNKROOM_OUTBOUND_TRUNKS: JSON.stringify(outbound),
    TRUNKROOM_RULES: JSON.stringify([{ id: 'rooms', callee: {} }]),
  });
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
});

afterAll(async () => {
  await caller?.stop();
  await desk?.stop();
  await listener?.stop();
  await gateway?.stop();
});

async function people(room: string): Promise<string[]> {
  const all = await rooms.listParticipants(room).catch(() => []);
  return all.map(({ identity }) => identity).sort();
}

async function peopleBecome(room: string, who: readonly string[]): Promise<void> {
  await eventually(
    `${who.join(' and ')} in ${room}`,
    15_000,
    async () => `${await people(room)}` === `${who}`,
  );
}

test('baresip refers its call to a number: it is in the room in its place, and the room hears it', async () => {
  await listener.dial(gateway.sipUri('blind'));
  await caller.dial(gateway.sipUri('blind'));
  await peopleBecome('blind', ['sip_+60312345678', 'sip_+60399999999']);
  caller.command('transfer', 'sip:1001@pbx.example');
  await peopleBecome('blind', ['sip_+60399999999', 'sip_1001']);
  expect(caller.output).toContain('SIP/2.0 202 Accepted');
  expect(caller.output).toMatch(/NOTIFY sip:[\s\S]*Subscription-State: terminated[\s\S]*SIP\/2\.0 200 OK/);
  await new Promise((resolve) => setTimeout(resolve, 3500));
  desk.hangUp();
  await peopleBecome('blind', ['sip_+60399999999']);
  listener.hangUp();
  await peopleBecome('blind', []);
  const { samples, sampleRate } = listener.heard();
  const seconds = samples.length / sampleRate;
  const heard = { fromSecond: seconds - 2.5, seconds: 1.5 };
  expect(faultsHeard(listener.heard(), { ...heard, tones: [DESK], absent: [CALLER.hz] })).toEqual([]);
});

test('SIPp refers its call to a colleague on its other line: the exchange gets the call in that one’s place', async () => {
  const scenario = (name: string) => `${repositoryRoot}test/interop/rows/${name}.xml`;
  const common = { calls: 1, rate: 1, withinMs: 20_000 };
  const answering = runSipp({
    ...common,
    port: exchange,
    target: { port: gateway.ports.sip, user: '' },
    scenario: scenario('replacing-exchange'),
  });
  const other = 'consultation%40pbx.example%3Bto-tag%3Dcolleague%3Bfrom-tag%3Dsecretary';
  const referring = await runSipp({
    ...common,
    target: { port: gateway.ports.sip, user: 'attended' },
    scenario: scenario('referring-caller'),
    keys: { referto: `sip:1001@pbx.example?Replaces=${other}` },
  });
  expect(referring, referring.output).toMatchObject({ exitCode: 0, successful: 1, failed: 0 });
  await peopleBecome('attended', ['sip_1001']);
  await rooms.removeParticipant('attended', 'sip_1001');
  const answered = await answering;
  expect(answered, answered.output).toMatchObject({ exitCode: 0, successful: 1, failed: 0 });
  await peopleBecome('attended', []);
});

/** Call-ID and tags of the dialog that baresip's trace shows last, as a Replaces to us names it. */
function replacesOf(phone: Baresip): string {
  const oks = phone.output
    .split(/\r?\n\r?\n/)
    .filter((text) => /SIP\/2\.0 200 OK[\s\S]*CSeq: \d+ INVITE/.test(text));
  const last = oks.at(-1)!;
  const named = (name: string) => new RegExp(`^${name}: .*;tag=([^;\\s]+)`, 'im').exec(last)![1]!;
  const callId = /^Call-ID: (\S+)/im.exec(last)![1]!;
  return `${callId};to-tag=${named('To')};from-tag=${named('From')}`;
}

test('SIPp takes the place of a call of baresip’s', async () => {
  await caller.dial(gateway.sipUri('taken'));
  await peopleBecome('taken', ['sip_+60312345678']);
  const run = runSipp({
    target: { port: gateway.ports.sip, user: '' },
    ...{ calls: 1, rate: 1, holdMs: 2000, withinMs: 15_000 },
    scenario: `${repositoryRoot}test/interop/rows/replacing-caller.xml`,
    keys: { replaces: replacesOf(caller) },
  });
  await peopleBecome('taken', ['sip_colleague']);
  expect(caller.output).toMatch(/BYE sip:[\s\S]*replaced: another call took its place/);
  expect(await run).toMatchObject({ exitCode: 0, successful: 1, failed: 0 });
  await peopleBecome('taken', []);
});
