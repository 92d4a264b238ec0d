/** Calls that we place by proxies that are not ours, which ask for credentials: one of two dies. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OutboundTrunk } from '../../src/trunk/outbound.ts';
import { Baresip } from '../support/baresip.ts';
import { eventually, eventuallyEqual } from '../support/eventually.ts';
import { Kamailio } from '../support/kamailio.ts';
import { RealDialer } from '../support/kamailio-dialer.ts';
import { outboundTrunk, target } from '../unit/trunk/trunks.ts';

const ACCOUNT = { user: 'gateway', password: 'a-password' };
const CALLEE = '60377777009';
let callee: Baresip;
let first: Kamailio;
let second: Kamailio;
let dialer: RealDialer;
let trunk: OutboundTrunk;

beforeAll(async () => {
  callee = await Baresip.start({ user: CALLEE, tone: { hz: 440, amplitude: 8192 }, answer: 'auto' });
  const upstream = `127.0.0.1:${callee.sipPort}`;
  first = await Kamailio.start({ account: ACCOUNT, upstream });
  second = await Kamailio.start({ account: ACCOUNT, upstream });
  trunk = outboundTrunk({
    domain: 'carrier.example',
    targets: [
      { ...target('127.0.0.1'), port: first.port, priority: 1 },
      { ...target('127.0.0.1'), port: second.port, priority: 2 },
    ],
    account: { username: ACCOUNT.user, password: ACCOUNT.password, realms: ['carrier.example'] },
    targetTimeoutMs: 4000,
  });
  dialer = await RealDialer.open([trunk]);
});

afterAll(async () => {
  await dialer?.close();
  await Promise.all([first?.stop(), second?.stop(), callee?.stop()]);
});

test('a call is challenged, answered, and its BYEs go by the proxy, ours and theirs', async () => {
  const ours = dialer.place(trunk, CALLEE);
  await eventually('it is answered', 15_000, () => ours.said.includes('answered'));
  ours.hangUp();
  await eventually('it is over', 15_000, () => ours.said.some((text) => text.startsWith('over')));
  await eventually('our ACK and BYE were routed', 15_000, () => first.inDialog.length >= 2);
  expect(first.inDialog).toEqual([`ACK from ${dialer.sip.port} loose`, `BYE from ${dialer.sip.port} loose`]);
  const theirs = dialer.place(trunk, CALLEE);
  await eventually('it is answered', 15_000, () => theirs.said.includes('answered'));
  callee.hangUp();
  await eventually('it is over', 15_000, () => theirs.said.includes('over bye'));
  const routed = [`ACK from ${dialer.sip.port} loose`, `BYE from ${callee.sipPort} loose`];
  await eventuallyEqual('what was routed', 15_000, routed, () => first.inDialog.slice(2));
  expect(first.placed).toBe(2);
  expect(second.placed).toBe(0);
});

test('wrong credentials are the end of the call, not a way to another proxy', async () => {
  const wrong = { ...trunk, account: { ...trunk.account!, password: 'another' } };
  const call = dialer.place(wrong, CALLEE);
  await eventually('it is over', 15_000, () => call.said.some((text) => text.startsWith('over')));
  expect(call.said).not.toContain('answered');
  expect(second.placed).toBe(0);
});

test('over TCP to the proxy, which goes on over UDP: both ways take the route', async () => {
  const routed = second.inDialog.length;
  const placed = second.placed;
  const byTcp = {
    ...trunk,
    targets: [{ ...target('127.0.0.1'), port: second.port, transport: 'tcp' as const }],
  };
  const call = dialer.place(byTcp, CALLEE);
  await eventually('it is answered', 15_000, () => call.said.includes('answered'));
  callee.hangUp();
  await eventually('it is over', 15_000, () => call.said.includes('over bye'));
  expect(second.placed).toBe(placed + 1);
  await eventually('their BYE was routed', 15_000, () => second.inDialog.length >= routed + 2);
  expect(second.inDialog.slice(routed)).toEqual([
    expect.stringMatching(/^ACK from \d+ loose$/),
    `BYE from ${callee.sipPort} loose`,
  ]);
});

test('the first proxy dies: calls go by the second', async () => {
  await first.stop();
  const before = second.placed;
  for (const count of [1, 2]) {
    const call = dialer.place(trunk, CALLEE);
    await eventually('it is answered', 15_000, () => call.said.includes('answered'));
    call.hangUp();
    await eventually('it is over', 15_000, () => call.said.some((text) => text.startsWith('over')));
    expect(second.placed).toBe(before + count);
  }
  await eventually('no call is left', 15_000, () => dialer.outbound.dialer.size === 0);
  expect(dialer.faults).toEqual([]);
});
