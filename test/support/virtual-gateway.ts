import { nodeDigests } from '../../src/adapters/crypto/crypto.ts';
import { builtInCodecs } from '../../src/audio/built-in-codecs.ts';
import type { HostPort } from '../../src/base/net.ts';
import type { Alarm, Timers } from '../../src/base/wake-queue.ts';
import { Dialer } from '../../src/call/dialer.ts';
import { PhoneCalls } from '../../src/call/phone-calls.ts';
import { PhoneDoor } from '../../src/call/phone-door.ts';
import { ReferralDesk } from '../../src/call/referral-desk.ts';
import type { GatewayEvent } from '../../src/events/index.ts';
import { MediaHost } from '../../src/media/host.ts';
import type { MediaCommand, MediaEvent, MediaWorkerPort } from '../../src/media/protocol.ts';
import type { RtpPortPair, RtpPorts } from '../../src/media/rtp-ports.ts';
import { SoundBook } from '../../src/media/sound-book.ts';
import { MediaWorkers } from '../../src/room/media-workers.ts';
import { Rooms } from '../../src/room/rooms.ts';
import { DigestGuard } from '../../src/sip/digest/guard.ts';
import { SipEndpoint } from '../../src/sip/endpoint.ts';
import { FailedTargets } from '../../src/sip/failed-targets.ts';
import { TrunkAccounts } from '../../src/trunk/accounts.ts';
import { admission } from '../../src/trunk/admission.ts';
import { TrunkLimits } from '../../src/trunk/limits.ts';
import { TrunkTable } from '../../src/trunk/match.ts';
import type { OutboundTrunk } from '../../src/trunk/outbound.ts';
import { isPinRoom } from '../../src/trunk/pin.ts';
import type { DispatchRule, InboundTrunk } from '../../src/trunk/trunk.ts';
import { rule, trunk } from '../unit/trunk/trunks.ts';
import type { LossyNet } from './lossy-net.ts';

export const GATEWAY = '10.0.0.1';
/** Where it listens for SIP. */
export const GATEWAY_SIP: HostPort = { address: GATEWAY, port: 5060 };

const NEAR = trunk({ id: 'near', allowedAddresses: ['10.0.1.0/24'] });

const EVERYBODY = rule({ id: 'all' });

/** Ports of the virtual network, and how many are out. */
class VirtualPorts implements RtpPorts {
  inUse = 0;
  readonly #net: LossyNet;

  constructor(net: LossyNet) {
    this.#net = net;
  }

  open(opened: (pair: RtpPortPair | undefined) => void): void {
    this.inUse++;
    const pair = { rtp: this.#net.open(GATEWAY), rtcp: this.#net.open(GATEWAY) };
    // Binding takes a moment, as it does in the world.
    this.#net.queue.schedule(this.#net.now() + 1, () => opened(pair));
  }

  release({ rtp, rtcp }: RtpPortPair): void {
    this.inUse--;
    rtp.close();
    rtcp.close();
  }
}

/** The gateway's own alarms, told apart from those of the phones and of the network, which ring in the same queue. */
class OwnAlarms implements Timers {
  readonly #queue: Timers;
  readonly #live = new Set<Alarm>();

  constructor(queue: Timers) {
    this.#queue = queue;
  }

  get size(): number {
    return this.#live.size;
  }

  schedule(at: number, wake: (now: number) => void): Alarm {
    const alarm = this.#queue.schedule(at, (now) => {
      this.#live.delete(alarm);
      wake(now);
    });
    this.#live.add(alarm);
    return alarm;
  }

  cancel(alarm: Alarm | undefined): void {
    this.#queue.cancel(alarm);
    if (alarm !== undefined) this.#live.delete(alarm);
  }
}

/** The whole gateway but for its sockets, threads and browsers, in the time and on the network of a {@link LossyNet}. */
export class VirtualGateway {
  readonly events: GatewayEvent[] = [];
  readonly faults: string[] = [];
  /** What the media side was told to play, and to play no more. */
  readonly sounds: MediaCommand[] = [];
  readonly endpoint: SipEndpoint;
  readonly door: PhoneDoor;
  readonly dialer: Dialer;
  readonly calls = new PhoneCalls();
  readonly hops: string[] = [];
  readonly rooms: Rooms;
  readonly ports: VirtualPorts;
  readonly #host: MediaHost;
  readonly #alarms: OwnAlarms;

  /** With `odd` the carrier at 10.0.1.9 has a trunk of its own that differs from the others' in that. */
  constructor(
    net: LossyNet,
    {
      rules = [EVERYBODY],
      sounds = new SoundBook(),
      odd,
      outbound = [],
    }: {
      rules?: DispatchRule[];
      sounds?: SoundBook;
      odd?: Partial<InboundTrunk> | undefined;
      /** Trunks that place the calls of REFERs. */
      outbound?: OutboundTrunk[] | undefined;
    } = {},
  ) {
    const trunks =
      odd === undefined
        ? [NEAR]
        : [
            { ...NEAR, id: 'odd', allowedAddresses: ['10.0.1.9'], ...odd },
            { ...NEAR, allowedAddresses: ['10.0.1.0/29'] },
          ];
    const clock = net;
    const timers = new OwnAlarms(net.queue);
    this.#alarms = timers;
    const { random } = net;
    const wall = { unixMs: () => 1_700_000_000_000 + net.now() };
    const emit = (event: GatewayEvent) => {
      this.events.push(event);
    };
    const workers = new MediaWorkers(emit);
    const port: MediaWorkerPort = {
      send: (command) => {
        if (/\.(play|stop)$/.test(command.type)) this.sounds.push(command);
        this.#host.handle(command);
      },
      onEvent: () => {},
    };
    this.ports = new VirtualPorts(net);
    this.#host = new MediaHost({
      browsers: {
        socket: net.open(GATEWAY, 7882),
        dtls: {
          by: 'werift',
          fingerprint: { algorithm: 'sha-256', value: 'AA' },
          open: () => {
            throw new Error('there are no browsers here');
          },
        },
        digests: {} as never,
        wall,
        isRelay: () => false,
      },
      ports: this.ports,
      sounds,
      codecs: builtInCodecs,
      clock,
      timers,
      random,
      mediaTimeoutMs: 30_000,
      unixOffsetMs: 0,
      // A thread's messages come later, never from within.
      emit: (event: MediaEvent) => void timers.schedule(clock.now(), () => port.onEvent(event)),
      onFault: (error, doing) => this.faults.push(`${doing}: ${String(error)}`),
    });
    workers.add(port, this.#host.ready);
    this.rooms = new Rooms({ together: isPinRoom(rules), workers, clock, wall, timers, random, emit });
    const socket = net.open(GATEWAY_SIP.address, GATEWAY_SIP.port);
    this.endpoint = new SipEndpoint({
      clock,
      timers,
      random,
      emit,
      userAgent: 'trunkroom',
      admission: admission(trunks),
      contact: () => GATEWAY_SIP,
      send: (bytes, flow) => socket.send(bytes, flow.remote.port, flow.remote.address),
      openFlow: ({ remote }) => ({ transport: 'udp', local: GATEWAY_SIP, remote }),
      onFault: (error) => this.faults.push(String(error)),
    });
    socket.onDatagram = (bytes, address, from) =>
      this.endpoint.receive(bytes, { transport: 'udp', local: GATEWAY_SIP, remote: { address, port: from } });
    const failed = new FailedTargets(clock);
    this.dialer = new Dialer({
      ...{
        rooms: this.rooms,
        calls: this.calls,
        engine: this.endpoint,
        limits: new TrunkLimits(),
        maxCalls: 10,
      },
      ...{ clock, timers, random, emit, announce: () => GATEWAY, isUp: () => true },
      authenticatorOf: new TrunkAccounts({ digests: nodeDigests, random, emit }).of,
      locator: {
        locate: ({ host, port = 5060 }, found) =>
          found(host === 'nowhere' ? [] : [{ transport: 'udp', remote: { address: host, port } }]),
        failed: (hop) => {
          this.hops.push(`failed ${hop.remote.address}`);
          failed.failed(hop);
        },
        worked: (hop) => {
          this.hops.push(`worked ${hop.remote.address}`);
          failed.worked(hop);
        },
        isBad: (hop) => failed.isBad(hop),
      },
    });
    const referrals = new ReferralDesk({
      plan: { outboundTrunks: outbound },
      dialer: this.dialer,
      calls: this.calls,
    });
    this.dialer.referrals = referrals;
    this.door = new PhoneDoor({
      rooms: this.rooms,
      calls: this.calls,
      plan: { table: new TrunkTable(trunks), rules },
      limits: new TrunkLimits(),
      guard: new DigestGuard(nodeDigests, random),
      capacity: { calls: 1000, callsPerSecond: 1000 },
      clock,
      timers,
      random,
      emit,
      announce: () => GATEWAY,
      referrals,
      candidates: (at) => [{ transport: 'udp', address: GATEWAY, port: at }],
    });
    this.endpoint.onInvite = this.door.onInvite;
    this.endpoint.authorize = this.door.authorize;
  }

  /** What is still alive, by name; empty when a call has left nothing behind. */
  left(): Record<string, number> {
    const { calls, transactions } = this.endpoint.gauges();
    const all = {
      calls,
      transactions,
      doors: this.door.size,
      dialed: this.dialer.size,
      rooms: this.rooms.gauges().rooms,
      ports: this.ports.inUse,
    };
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
  }

  /** Closes the media side, so that only what leaked keeps an alarm. */
  stop(): number {
    this.#host.stop();
    this.endpoint.abandon();
    return this.#alarms.size;
  }
}
