/**
 * What a call costs the signaling side. `node test/bench/sip.ts [calls] [up]`: without the kernel, messages of a carrier as bytes in and
 * out; INVITE, ACK and BYE of each call are timed, the making of them is not, and `up` calls stand all the while. First the
 * endpoint alone, then with the phone's door and the rooms behind it, whose media worker is deaf and dumb.
 *
 * `node test/bench/sip.ts sipp [rate] [seconds] [udp|tcp]`: the endpoint on real sockets, called by SIPp; the CPU of this whole process.
 */
import { spawn } from 'node:child_process';
import { systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { SipServer } from '../../src/app/sip-server.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { SipEndpoint } from '../../src/sip/endpoint.ts';
import type { CallHandler, Flow, IncomingInvite } from '../../src/sip/ports.ts';
import { SeededRandom } from '../support/lossy-net.ts';
import { world } from '../unit/call/rig.ts';

const SDP = [
  'v=0',
  'o=carrier 1 1 IN IP4 192.0.2.9',
  's=-',
  'c=IN IP4 192.0.2.9',
  't=0 0',
  'm=audio 4000 RTP/AVP 8 0 18 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:18 G729/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n');
const ANSWER = utf8(SDP.replace('m=audio 4000 RTP/AVP 8 0 18 101', 'm=audio 12000 RTP/AVP 8 101'));
const FLOW: Flow = {
  transport: 'udp',
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address: '192.0.2.9', port: 5060 },
};

const NO_QUALITY = { packetsIn: 0, packetsOut: 0, lost: 0, concealed: 0, late: 0, jitterMs: 0 };

const silent: CallHandler = {
  confirmed() {},
  reoffered: (_request, _offer, settle) => settle.reject(488),
  requested: () => 200,
  ended() {},
};

function answerAll(invite: IncomingInvite): void {
  invite.handler = silent;
  invite.progress(180);
  invite.accept(ANSWER);
}

/** What a carrier with a proxy before it sends. */
function request(method: string, call: number, cseq: number, toTag: string, body = ''): Uint8Array {
  // Ten calls share a room.
  const called = `+6031${1_000_000 + Math.floor(call / 10)}`;
  const lines = [
    `${method} sip:${called}@192.0.2.1:5060 SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK${method}${call};rport`,
    `Via: SIP/2.0/UDP 198.51.100.4:5060;branch=z9hG4bKinner${call};received=198.51.100.4`,
    'Record-Route: <sip:192.0.2.9;lr;ftag=abc>',
    'Max-Forwards: 69',
    `From: "Caller" <sip:+6011${call}@carrier.example>;tag=f${call}`,
    `To: <sip:${called}@192.0.2.1>${toTag === '' ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${call}-0123456789abcdef@carrier.example`,
    `CSeq: ${cseq} ${method}`,
    'Contact: <sip:gw@198.51.100.4:5060>',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO',
    'Supported: timer, 100rel',
    'User-Agent: Carrier SBC 9.4',
    `P-Asserted-Identity: <sip:+6011${call}@carrier.example>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
  ];
  return utf8(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

interface Bench {
  readonly endpoint: SipEndpoint;
  /** Before a batch; after each INVITE; and after each BYE, in the same order: what else the gateway would do then. */
  begin(): void;
  invited(): void;
  over(): void;
  advance(ms: number): void;
}

function endpointOptions(clock: { now(): number }, timers: WakeQueue) {
  return {
    clock,
    timers,
    random: new SeededRandom(1),
    emit: () => {},
    userAgent: 'trunkroom',
    admission: () => 'admit' as const,
    contact: () => FLOW.local,
    send: (bytes: Uint8Array) => {
      lastSent = bytes;
    },
    onFault: (error: unknown) => {
      throw error;
    },
  };
}
let lastSent: Uint8Array = new Uint8Array(0);

function aloneBench(): Bench {
  let now = 0;
  const timers = new WakeQueue();
  const endpoint = new SipEndpoint(endpointOptions({ now: () => now }, timers));
  endpoint.onInvite = answerAll;
  const advance = (ms: number) => {
    now += ms;
    timers.run(now);
  };
  return { endpoint, begin() {}, invited() {}, over() {}, advance };
}

function doorBench(): Bench {
  let legs: string[] = [];
  const gateway = world(
    { maxCalls: 0, allowedAddresses: ['192.0.2.0/24'] },
    { calls: 1e9, callsPerSecond: 1e9 },
  );
  let now = 0;
  const endpoint = new SipEndpoint(endpointOptions({ now: () => now }, gateway.timers));
  endpoint.onInvite = gateway.door.onInvite;
  const advance = (ms: number) => {
    now += ms;
    gateway.at(now);
    gateway.events.length = 0;
  };
  return {
    endpoint,
    begin: () => {
      legs = [];
    },
    invited: () => {
      legs.push(gateway.leg());
      gateway.commands.length = 0;
      gateway.media({ type: 'leg.opened', leg: legs.at(-1)!, port: 12_000 });
    },
    over: () => gateway.media({ type: 'leg.closed', leg: legs.shift()!, quality: NO_QUALITY }),
    advance,
  };
}

/** Calls whose messages are made ahead, so that the clock is read seldom. */
const BATCH = 500;

/** Microseconds of CPU a call, of `count` calls. */
function run(bench: Bench, first: number, count: number, ends: 'bye' | 'stay'): number {
  let spent = 0;
  const timed = (work: () => void) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
  };
  for (let from = first; from < first + count; from += BATCH) {
    const calls = Array.from({ length: Math.min(BATCH, first + count - from) }, (_, i) => from + i);
    const invites = calls.map((call) => request('INVITE', call, 1, '', SDP));
    const answers: Uint8Array[] = [];
    bench.begin();
    timed(() => {
      for (const invite of invites) {
        bench.endpoint.receive(invite, FLOW);
        bench.invited();
        answers.push(lastSent);
        // A thousand calls a second: transactions pile up for 32 s as they do in the world.
        bench.advance(1);
      }
    });
    const tags = answers.map(
      (answer) => /^To:.*;tag=(\S+)\r$/m.exec(new TextDecoder().decode(answer))?.[1] ?? '',
    );
    const acks = calls.map((call, i) => request('ACK', call, 1, tags[i]!));
    const byes = calls.map((call, i) => request('BYE', call, 2, tags[i]!));
    timed(() => {
      for (const ack of acks) bench.endpoint.receive(ack, FLOW);
      if (ends === 'stay') return;
      for (const bye of byes) {
        bench.endpoint.receive(bye, FLOW);
        bench.over();
      }
    });
  }
  return spent / count;
}

function inProcess(calls: number, up: number): void {
  for (const [name, make] of [
    ['endpoint', aloneBench],
    ['endpoint, door and rooms', doorBench],
  ] as const) {
    const bench = make();
    run(bench, 0, up, 'stay');
    run(bench, up, Math.min(calls, 5000), 'bye');
    const cost = run(bench, up + calls, calls, 'bye');
    console.log(`${name}: ${cost.toFixed(1)} µs a call, ${up} calls up`);
  }
}

async function withSipp(rate: number, seconds: number, transport: 'udp' | 'tcp'): Promise<void> {
  const timers = new WakeQueue();
  const clock = { now: () => performance.now() };
  const server = await SipServer.open({
    ...{ clock, timers, random: systemRandom, userAgent: 'trunkroom', emit: () => {} },
    listen: { address: '127.0.0.1', port: 0 },
    announced: ['127.0.0.1'],
    admission: () => 'admit',
    contact: () => ({ address: '127.0.0.1', port: server.port }),
  });
  server.endpoint.onInvite = answerAll;
  const beat = setInterval(() => timers.run(clock.now()), 10);
  const total = rate * seconds;
  const before = process.cpuUsage();
  const sipp = spawn('timeout', [
    ...[
      '-k',
      '5',
      String(seconds * 3 + 60),
      'sipp',
      '-sn',
      'uac',
      `127.0.0.1:${server.port}`,
      '-i',
      '127.0.0.1',
      '-r',
      String(rate),
      '-m',
      String(total),
    ],
    ...['-d', '0', '-l', '20000', '-t', transport === 'tcp' ? 't1' : 'u1', '-nostdin'],
  ]);
  let output = '';
  sipp.stdout.on('data', (bytes: Buffer) => {
    output = `${output}${String(bytes)}`.slice(-8000);
  });
  const code = await new Promise((resolve) => sipp.on('exit', resolve));
  const { user, system } = process.cpuUsage(before);
  const failed = /Failed call\s*\|\s*\d+\s*\|\s*(\d+)/.exec(output)?.[1];
  console.log(
    `${transport}, ${rate} calls/s, ${total} calls: ${((user + system) / total).toFixed(0)} µs of CPU a call (user ${(user / total).toFixed(0)}), SIPp's exit ${String(code)}, failed ${failed ?? '?'}`,
  );
  clearInterval(beat);
  await server.close();
}

const [first = '20000', second, third, fourth] = process.argv.slice(2);
if (first === 'sipp')
  await withSipp(Number(second ?? 1500), Number(third ?? 10), fourth === 'tcp' ? 'tcp' : 'udp');
else inProcess(Number(first), Number(second ?? 1));
