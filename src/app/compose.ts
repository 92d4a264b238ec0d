import { BundledPage } from '../adapters/bundle/page.ts';
import { driveAlarms, monotonicClock, wallClock } from '../adapters/clock/clock.ts';
import { LoopLag } from '../adapters/clock/loop-lag.ts';
import { nodeDigests, systemRandom } from '../adapters/crypto/crypto.ts';
import type { Fetch } from '../adapters/http/server.ts';
import { AccessTokens } from '../adapters/jwt/tokens.ts';
import { batchedOutput } from '../adapters/log/batched-output.ts';
import { eventLog } from '../adapters/log/event-log.ts';
import { openLog } from '../adapters/log/pino-log.ts';
import { openMetrics } from '../adapters/metrics/metrics.ts';
import { DATAGRAM_SLOTS } from '../adapters/native/native-udp.ts';
import { gunzip } from '../adapters/websocket/gunzip.ts';
import { SignalGate } from '../adapters/websocket/signal-gate.ts';
import { createApi } from '../api/app.ts';
import { WakeQueue } from '../base/wake-queue.ts';
import { PhoneCalls } from '../call/phone-calls.ts';
import { PhoneDoor } from '../call/phone-door.ts';
import { ReferralDesk } from '../call/referral-desk.ts';
import { EventBus } from '../events/bus.ts';
import type { EventSink } from '../events/index.ts';
import type { MediaEngines } from '../media/protocol.ts';
import { admit, type SignalUrl } from '../peer/admission.ts';
import { defaultPeerOptions } from '../peer/context.ts';
import type { Grants } from '../peer/grants.ts';
import { HttpSessions } from '../peer/http-sessions.ts';
import { ServerRpc } from '../peer/server-rpc.ts';
import { PeerSessions } from '../peer/sessions.ts';
import { Rooms } from '../room/rooms.ts';
import { DigestGuard } from '../sip/digest/guard.ts';
import type { SipTransport } from '../sip/ports.ts';
import { AddressSet } from '../trunk/addresses.ts';
import { type CallPlan, EMPTY_PLAN, LiveCallPlan } from '../trunk/call-plan.ts';
import { TrunkLimits } from '../trunk/limits.ts';
import { MediaPolicy } from '../trunk/media-policy.ts';
import { openAgents } from './agents.ts';
import { announcing } from './announcing.ts';
import { type Closing, closeAll } from './closing.ts';
import type { StartupConfig } from './config/read.ts';
import { datagramSource } from './datagrams.ts';
import { Drain, peopleByBrowser } from './drain.ts';
import { openExternalTurn } from './external-turn.ts';
import { gatewayGauges } from './gauges.ts';
import { callerOf } from './http-caller.ts';
import { openHttpPorts } from './http-ports.ts';
import { icePolicies } from './ice-policy.ts';
import { wiredMedia } from './media-settings.ts';
import { openMediaThreads } from './media-threads.ts';
import { metricsAccess } from './metrics-access.ts';
import { openNetcheckGate } from './netcheck/gate.ts';
import { openOutbound } from './outbound.ts';
import { OwnAddresses } from './own-addresses.ts';
import { openProvisions } from './provisioning.ts';
import { embeddedListen, openSipEngines } from './sip-engines.ts';
import { openSipGate } from './sip-gate.ts';
import { SipServer } from './sip-server.ts';
import { openCertificates, openSipTls } from './sip-tls.ts';
import { StartupError } from './startup-error.ts';
import { SummedDrops } from './summed-drops.ts';
import { openTrace } from './trace.ts';
import { noTurn, openTurn } from './turn-service.ts';
import { openWebhooks } from './webhooks.ts';

/** The running gateway. */
export interface Gateway {
  readonly emit: EventSink;
  /** Of the media workers, which are all alike. */
  readonly engines: MediaEngines;
  /** No new calls and rooms; `over` is called once, when nobody is left or the grace is over. Not if it is stopped before. */
  drain(over: () => void): void;
  /** No new calls, BYE to phones, leave to browsers, every socket closed. */
  stop(): Promise<void>;
}

/** How long what is being said at shutdown may take to go out, ms. */
const LAST_WORDS_MS = 300;
/** An event loop that comes round so late takes no new calls, ms: the RTP of those that are up has threads of its own. */
const OVERLOAD_LAG_MS = 150;
const CLOSE_MS = 1500;

/** Builds the gateway and opens every socket: all wiring is here. Rejects with a StartupError, and nothing stays open. */
export async function openGateway(startup: StartupConfig): Promise<Gateway> {
  const { config, mode, addresses } = startup;
  const output = batchedOutput(process.stdout, (flush) => process.on('exit', flush));
  const log = openLog({ ...config.log, output });
  const bus = new EventBus((error, event) =>
    log.error({ error: describe(error), event: event.type }, 'sink failed'),
  );
  const { emit } = bus;
  const onFault = (error: unknown) => log.error({ error: describe(error) }, 'a fault of the gateway');
  // The last line: a bug that no guard caught costs what it was about, and not the other calls.
  process.on('uncaughtException', onFault);
  const timers = new WakeQueue();
  const shared = { clock: monotonicClock, wall: wallClock, random: systemRandom, timers, emit };
  const closing: Closing = [];

  try {
    const media = await openMediaThreads(startup, emit, (doing, error) =>
      log.error({ doing, error: describe(error) }, 'a fault in a media worker'),
    );
    closing.push(() => media.stop(CLOSE_MS));
    const { workers, icePorts } = media;

    const plan = new LiveCallPlan(EMPTY_PLAN);
    let takeUp = (now: CallPlan) => plan.replace(now);
    const opened = openProvisions({ startup, wall: wallClock, emit, apply: (now) => takeUp(now) });
    if (!opened.ok) throw new StartupError(opened.error.join('\n'));
    const provisions = opened.value;
    plan.replace(provisions.plan);
    const rooms = new Rooms({
      ...shared,
      workers,
      limits: {
        rooms: config.limits.max_rooms,
        participantsPerRoom: config.room.max_participants,
        departureMs: config.room.departure_timeout,
        emptyMs: config.room.empty_timeout,
      },
      together: (name) => plan.isPinRoom(name),
    });
    const browserTls =
      config.tls.certificates.length > 0 ? openCertificates('tls', config.tls, emit) : undefined;
    closing.push(() => browserTls?.close());
    const certificates = browserTls?.certificates;
    const own = new OwnAddresses({ ...shared, onFault });
    closing.push(() => own.stop());
    own.watch((change) => emit({ type: 'address.changed', ...change }));
    const turn = config.turn.enabled
      ? await openTurn({
          startup,
          timers,
          emit,
          own,
          media: wiredMedia(icePorts, media.settings),
          certificates,
          onFault,
        })
      : noTurn;
    closing.push(() => turn.close());
    const relays = openExternalTurn(config, { timers, emit });
    closing.push(() => relays.close());

    const ports: Partial<Record<SipTransport, number>> = { tls: config.sip_tls.port, ws: config.http.port };
    const { announce, candidates, all } = announcing(startup, own);
    const trace = await openTrace(config.trace, wallClock, emit);
    closing.push(() => trace.close());
    const lag = new LoopLag();
    closing.push(() => lag.stop());
    const tls = config.sip.engine === 'embedded' ? openSipTls(config, emit) : undefined;
    closing.push(() => tls?.close());
    const unsent = new SummedDrops(timers, monotonicClock, emit).ofSockets('sip');
    const datagrams = datagramSource(config.media.native, { ...unsent, fault: onFault }, DATAGRAM_SLOTS);
    if (datagrams.by === 'node' && config.sip.dscp + config.rtp.dscp > 0)
      log.warn({}, 'sip.dscp and rtp.dscp mark no datagrams: Node cannot, and the addon is not there');
    const sip = await SipServer.open({
      ...shared,
      openUdp: datagrams.marking(config.sip.dscp, 'timed-crowd'),
      dscp: config.sip.dscp,
      listen: embeddedListen(config),
      announced: addresses,
      own,
      userAgent: config.sip.user_agent,
      admission: plan.admits,
      isTrustedPeer: plan.isTrustedPeer,
      session: {
        sessionExpires: Math.round(config.sip.session_expires / 1000),
        minSe: Math.ceil(config.sip.min_se / 1000),
      },
      contact: ({ transport, remote }) => ({
        address: announce(remote),
        port: ports[transport] ?? config.sip.port,
      }),
      tls,
      limits: { messagesPerSecond: config.sip.messages_per_second },
      overloaded: () => lag.ms > OVERLOAD_LAG_MS,
      observe: trace.observe,
      onFault,
    });
    closing.push(() => sip.close());
    const engines = openSipEngines(config, sip.endpoint, {
      ...{ ...shared, admission: plan.admits, isTrustedPeer: plan.isTrustedPeer, onFault },
      ...{
        overloaded: () => lag.ms > OVERLOAD_LAG_MS,
        observe: trace.observe,
        listensForTls: tls !== undefined,
      },
    });
    closing.push(() => engines.close());
    const mediaPolicy = new MediaPolicy({
      mode,
      addresses: all(),
      ports: [...icePorts, config.sip.port, config.sip_tls.port, config.http.port, config.turn.port],
    });
    own.watch(() => mediaPolicy.replace(all()));
    const calls = new PhoneCalls();
    const outbound = openOutbound({
      ...shared,
      trunks: plan.outboundTrunks,
      tokens: plan.tokens,
      engine: engines.trunks,
      rooms,
      maxCalls: config.limits.max_calls,
      transports: engines.transports,
      announce,
      calls,
      mediaPolicy,
      ping: (next) => sip.ping(next),
    });
    const referrals = new ReferralDesk({ plan, dialer: outbound.dialer, calls });
    outbound.dialer.referrals = referrals;
    const limits = new TrunkLimits();
    takeUp = (now) => {
      plan.replace(now);
      outbound.replace(now.outboundTrunks);
      limits.keep(new Set(now.trunks.map(({ id }) => id)));
    };
    const phones = new PhoneDoor({
      ...shared,
      rooms,
      plan,
      limits,
      guard: new DigestGuard(nodeDigests, systemRandom),
      authenticatorOf: outbound.authenticatorOf,
      capacity: { calls: config.limits.max_calls, callsPerSecond: config.limits.calls_per_second },
      announce,
      mediaPolicy,
      candidates,
      calls,
      referrals,
    });
    engines.serve(phones);

    const tokens = new AccessTokens(new Map(Object.entries(config.keys)), wallClock);
    const admitSignal = (url: SignalUrl) => admit(url, tokens, gunzip);
    const serverRpc = new ServerRpc(shared);
    const peers = {
      ...shared,
      rooms,
      iceServers: (identity: string, client: string | undefined) => [
        ...relays.iceServers(identity, client),
        ...turn.iceServers(identity),
      ],
      candidates,
      icePolicy: icePolicies(config),
      options: defaultPeerOptions,
      renewToken: (grants: Grants, ttlMs: number) => tokens.renew(grants, ttlMs),
      serverRpc,
      onFault,
    };
    const sessions = new PeerSessions(peers);
    const httpSessions = new HttpSessions(peers);
    const proxies = new AddressSet(config.http.trusted_proxies);
    const trusts = (address: string) => proxies.has(address);
    const gate = new SignalGate({
      trusts,
      admit: admitSignal,
      open: (socket, admitted) => sessions.open(socket, admitted),
      emit,
      onFault,
    });
    const sipGate = openSipGate({
      ...{ config: config.sip_websocket, trunks: plan.trunks, admission: plan.admits },
      ...{ webSockets: sip.webSockets, emit },
      trusts,
      otherwise: gate.upgrade,
    });
    const netchecks = openNetcheckGate({
      ...{ ...peers, icePorts, trusts, admit: admitSignal },
      otherwise: sipGate?.upgrade ?? gate.upgrade,
    });
    const agents = openAgents({
      ...{ ...shared, rooms, tokens, onFault, trusts },
      otherwise: netchecks.upgrade,
    });
    const gauges = gatewayGauges({ timers, phones, outbound, sip: engines, rooms, workers, turn, gate });
    const metrics = openMetrics({ gauges, defaults: 'process' });
    workers.onCounts = metrics.count;
    bus.subscribe(eventLog(log, monotonicClock, config.log.level));
    bus.subscribe(metrics.sink);
    bus.subscribe(trace.recorder.sink);
    bus.subscribe(agents.agents.dispatches.sink);
    const { urls, api_key: key = Object.keys(config.keys)[0] ?? '' } = config.webhook;
    if (urls.length > 0) {
      const { job } = agents.agents;
      const webhooks = openWebhooks({ ...shared, rooms, job, urls, key, tokens, digests: nodeDigests, log });
      bus.subscribe(webhooks.sink);
      closing.push(() => webhooks.close(CLOSE_MS));
    }

    const drain = new Drain({
      ...{ ...shared, graceMs: config.node.shutdown_grace },
      close: () => {
        for (const each of [engines, phones, outbound, rooms]) each.drain();
      },
      left: () => ({
        calls: phones.size + outbound.dialer.size,
        participants: peopleByBrowser(rooms.rooms),
      }),
    });
    const api = createApi({
      draining: () => drain.why,
      page: new BundledPage(),
      metrics: metricsAccess(config.metrics, metrics.text),
      notReady: () => (workers.size === 0 ? 'no media worker' : engines.notReady()),
      admit: admitSignal,
      devTokens:
        mode === 'development' ? { mint: (wish) => tokens.mint(wish), random: systemRandom } : undefined,
      whip: httpSessions,
      trace: { recorder: trace.recorder, verify: (token) => tokens.verify(token) },
      server: {
        ...{ rooms, rpc: serverRpc, verifier: tokens, clock: monotonicClock, emit, onFault },
        dispatches: agents.agents.dispatches,
        sip: { provisions, dialer: outbound.dialer, calls },
      },
    });
    const fetch: Fetch = (request, incoming) => api.fetch(request, callerOf(incoming, trusts));
    const doors = { certificates, fetch, upgrade: agents.upgrade, turn: turn.accept };
    const http = await openHttpPorts(config, doors);
    closing.push(() => http.close(LAST_WORDS_MS));

    const stopAlarms = driveAlarms(timers, monotonicClock, onFault);
    outbound.start();
    return {
      emit,
      engines: media.engines,
      drain: (over) => drain.begin(over),
      stop: async () => {
        drain.cut();
        engines.shutdown();
        phones.stop();
        outbound.stop();
        rooms.stop('server_shutdown');
        gate.close(LAST_WORDS_MS);
        agents.close(LAST_WORDS_MS);
        netchecks.close(LAST_WORDS_MS);
        sipGate?.close(LAST_WORDS_MS);
        // BYEs are resent until they are answered; leaves need a moment to be read.
        await settled(() => phones.size === 0 && outbound.isOver() && engines.gauges().calls === 0);
        await closeAll(closing, onFault);
        stopAlarms();
      },
    };
  } catch (error) {
    await closeAll(closing, onFault);
    throw error;
  }
}

/** Waits until `done` says so, but no longer than the last words may take. */
async function settled(done: () => boolean): Promise<void> {
  const until = monotonicClock.now() + LAST_WORDS_MS + CLOSE_MS;
  await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
  while (!done() && monotonicClock.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
