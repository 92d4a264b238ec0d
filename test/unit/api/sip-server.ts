import { Hono } from 'hono';
import { Provisions } from '../../../src/api/provisioning/provisions.ts';
import { sipService } from '../../../src/api/sip-service.ts';
import { twirpRoutes } from '../../../src/api/twirp.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import { provisionedReader } from '../../../src/app/config/provisioned.ts';
import { fail, ok, type Result } from '../../../src/base/result.ts';
import type { CallOrder, PlacedCall, PlaceRefusal } from '../../../src/call/call-order.ts';
import type { PlacedCallListener } from '../../../src/call/outgoing-options.ts';
import type { PhoneCalls } from '../../../src/call/phone-calls.ts';
import type { EventSink, GatewayEvent } from '../../../src/events/index.ts';
import type { ReferOutcome } from '../../../src/sip/refer-progress.ts';
import type { CallPlan } from '../../../src/trunk/call-plan.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { outboundTrunk, rule, target, trunk } from '../trunk/trunks.ts';
import { callTwirp, type Rights, tokens } from './backend.ts';

const NOW = Date.UTC(2026, 0, 1);
/** The ids of `given`, for the checks between what is made and what is there. */
const text = `
trunks: [{ id: in, allowed_addresses: [192.0.2.1] }, { id: any, allowed_addresses: [192.0.2.1] }]
`;
const loaded = loadConfig({
  ...{ text, file: 'given', env: {}, mode: 'development', readSecret: () => undefined },
});
if (!loaded.ok) throw new Error('the configuration is good');
const config = loaded.value;
const ACCOUNT = { username: 'u', password: 'hunter2', realms: ['r'] };

/** The service with a dialer and transfers that only take notes; `refusal` is the answer to every order. */
export function server(refusal?: PlaceRefusal, keeping: 'works' | 'broken' = 'works') {
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
  const emit: EventSink = (event) => events.push(event);
  const given = {
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
  };
  const kept: string[] = [];
  const plans: CallPlan[] = [];
  const provisions = new Provisions({
    ...{ given, changes: 'allowed', maxEntries: 3, random: new SeededRandom(1), wall: { unixMs: () => NOW } },
    reader: provisionedReader({ config, mode: 'development' }),
    emit,
    apply: (plan) => plans.push(plan),
    keep: async (text) => {
      if (keeping === 'broken') return fail('no space left on device');
      kept.push(text);
      return ok(undefined);
    },
  });
  const service = sipService({ provisions, dialer: { placeCall }, calls: { transfer } }, emit);
  const faults: unknown[] = [];
  twirpRoutes(
    app,
    { SIP: service },
    {
      verifier: tokens,
      clock: { now: () => 0 },
      emit,
      onFault: (error) => faults.push(error),
    },
  );
  return {
    ...{ app, orders, events, faults, out, transfers, listener: () => listener! },
    ...{ kept, plans, provisions },
    over: (outcome: ReferOutcome) => over(outcome),
  };
}

type Server = ReturnType<typeof server>;
/** Calls a method of SIP in JSON. */
export function call(to: Server, name: string, body: unknown, rights: Rights) {
  return callTwirp(to.app, `SIP/${name}`, body, rights);
}

export const caller = { sip: { call: true } };
export const admin = { sip: { admin: true } };
export const ORDER = { sip_trunk_id: 'out', sip_call_to: '+60123456789', room_name: 'lobby' };
