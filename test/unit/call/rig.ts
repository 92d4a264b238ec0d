import { nodeDigests } from '../../../src/adapters/crypto/crypto.ts';
import { fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { Negotiation } from '../../../src/call/negotiation.ts';
import { PhoneCall } from '../../../src/call/phone-call.ts';
import { PhoneDoor } from '../../../src/call/phone-door.ts';
import type { Answering } from '../../../src/call/state.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import type { MediaCommand, MediaEvent, MediaWorkerPort } from '../../../src/media/protocol.ts';
import { MediaWorkers } from '../../../src/room/media-workers.ts';
import { Rooms } from '../../../src/room/rooms.ts';
import { DigestGuard } from '../../../src/sip/digest/guard.ts';
import { Lockout } from '../../../src/sip/digest/lockout.ts';
import type {
  Authenticator,
  CallHandler,
  IncomingInvite,
  ReofferHandler,
  SipRequestInfo,
  SipUri,
} from '../../../src/sip/ports.ts';
import { TrunkLimits } from '../../../src/trunk/limits.ts';
import { TrunkTable } from '../../../src/trunk/match.ts';
import type { InboundTrunk } from '../../../src/trunk/trunk.ts';
import { rule, trunk } from '../trunk/trunks.ts';

const OFFICE = trunk({ id: 'ST_office', name: 'office', maxCallDurationMs: 3_600_000, maxCalls: 2 });

export function offer(
  lines: string[] = ['m=audio 4000 RTP/AVP 8 0 101', 'a=rtpmap:101 telephone-event/8000'],
): Uint8Array {
  return utf8(
    ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0', ...lines, ''].join('\r\n'),
  );
}

function uri(user: string): SipUri {
  return { scheme: 'sip', user, host: 'example.org', port: undefined, params: new Map() };
}

/** A phone's INVITE by hand: writes down what the gateway answers, and lets the test speak as the phone. */
export function phone(
  options: { from?: string; to?: string; source?: string; offer?: Uint8Array | undefined } = {},
) {
  const said: string[] = [];
  const reoffers: ReofferHandler[] = [];
  let sdp = '';
  const request: SipRequestInfo = {
    method: 'INVITE',
    uri: uri(options.to ?? 'lobby'),
    from: { display: '', uri: uri(options.from ?? '+60312345678'), params: new Map() },
    to: { display: '', uri: uri(options.to ?? 'lobby'), params: new Map() },
    callId: 'abc',
    flow: {
      transport: 'udp',
      local: { address: '192.0.2.1', port: 5060 },
      remote: { address: options.source ?? '192.0.2.9', port: 5060 },
    },
    header: () => undefined,
    headers: () => [],
    headerNames: [],
    body: new Uint8Array(0),
    contentType: 'application/sdp',
  };
  let handler: CallHandler | undefined;
  const invite: IncomingInvite = {
    request,
    offer: 'offer' in options ? options.offer : offer(),
    get handler(): CallHandler {
      if (handler === undefined) throw new Error('no handler');
      return handler;
    },
    set handler(value: CallHandler) {
      handler = value;
    },
    progress(status, early) {
      if (early !== undefined) sdp = fromUtf8(early);
      said.push(early === undefined ? `${status}` : `${status} with SDP`);
    },
    accept(answer) {
      sdp = fromUtf8(answer);
      said.push('200');
      return {
        callId: 'abc',
        bye: (headers) => said.push(`BYE ${headers?.[0]?.[1] ?? ''}`),
        request() {},
        reoffer: (its) => reoffers.push(its),
      };
    },
    reject: (status, headers) => said.push(`${status} ${headers?.[0]?.[1] ?? ''}`),
  };
  return { invite, said, reoffers, sdp: () => sdp, handler: () => invite.handler, request };
}

/** Proves us to the carrier of the outbound trunk `out`, whose registration has the user `token`. */
export const authenticator: Authenticator = { authenticate: () => undefined, headers: () => [] };

export function world(change: Partial<InboundTrunk> = {}, capacity = { calls: 100, callsPerSecond: 100 }) {
  let now = 0;
  const timers = new WakeQueue();
  const events: GatewayEvent[] = [];
  const commands: MediaCommand[] = [];
  const workers = new MediaWorkers((event) => events.push(event));
  const port: MediaWorkerPort = { send: (command) => commands.push(command), onEvent: () => {} };
  workers.add(port, { icePort: 7882, fingerprint: { algorithm: 'sha-256', value: 'AA' } });
  let counter = 0;
  const random = {
    bytes: (length: number) => Uint8Array.from({ length }, () => counter++ % 240),
    u32: () => counter++,
  };
  const clock = { now: () => now };
  const wall = { unixMs: () => 0 };
  const emit = (event: GatewayEvent) => events.push(event);
  const rooms = new Rooms({ workers, timers, clock, wall, random, emit });
  const office = { ...OFFICE, ...change };
  const door = new PhoneDoor({
    rooms,
    plan: {
      table: new TrunkTable([office], new Map([['out', 'token']])),
      rules: [rule({ id: 'SDR_all' })],
    },
    limits: new TrunkLimits(),
    guard: new DigestGuard(nodeDigests, random),
    authenticatorOf: (outbound) => (outbound === 'out' ? authenticator : undefined),
    capacity,
    clock,
    timers,
    random,
    emit,
    announce: () => '192.0.2.1',
    candidates: (port) => [{ transport: 'udp', address: '192.0.2.1', port }],
  });
  const leg = () => {
    const opened = commands.findLast((command) => command.type === 'leg.open');
    if (opened === undefined) throw new Error('no leg was opened');
    return opened.leg;
  };
  /** A call past the door: let in without being asked who it is. */
  const letIn = (caller: ReturnType<typeof phone>, answering: Answering): PhoneCall => {
    const negotiation = new Negotiation(office.codecs, 1);
    const { invite } = caller;
    const planned = invite.offer === undefined ? undefined : negotiation.plan(invite.offer);
    if (planned?.ok === false) throw new Error(planned.error);
    const call = new PhoneCall({
      ...{ id: 'SCL_1', leg: 'LG_1', newTrack: () => `TR_${counter++}`, invite, trunk: office, negotiation },
      ...{ planned: planned?.value, answering, clock, timers, emit },
      reception: {
        ...{ trunk: office, rule: rule(), pinRules: [], lockout: new Lockout(), lockoutKey: '' },
        admit: () => 'join-failure',
      },
      announce: () => '192.0.2.1',
      onOver: () => {},
    });
    invite.handler = call;
    const permissions = {
      ...{ canPublish: true, canSubscribe: true, canPublishData: true, publishSources: [] },
      ...{ canUpdateMetadata: false, hidden: false },
    };
    const names = { room: 'lobby', identity: 'phone', name: '', metadata: '', attributes: new Map() };
    const joined = rooms.join({ ...names, kind: 'sip', permissions, autoCreate: true }, call.line);
    if (!joined.ok) throw new Error(joined.error);
    call.enter(joined.value.room, joined.value.participant);
    return call;
  };
  return {
    letIn,
    door,
    rooms,
    timers,
    events,
    commands,
    media: (event: MediaEvent) => port.onEvent(event),
    opened: (rtp = 12_000) => port.onEvent({ type: 'leg.opened', leg: leg(), port: rtp }),
    closed: () =>
      port.onEvent({
        type: 'leg.closed',
        leg: leg(),
        quality: { packetsIn: 1, packetsOut: 1, lost: 0, concealed: 0, late: 0, jitterMs: 0 },
      }),
    leg,
    at(ms: number) {
      now = ms;
      timers.run(now);
    },
    ending: () => events.findLast((event) => event.type === 'call.ended'),
  };
}
