import type { Clock } from '../../base/clock.ts';
import { type Log, redactNumber } from '../../base/log.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import type { EventSink, GatewayEvent } from '../../events/index.ts';
import { DropSampler } from './drop-sampler.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/** Level and words for each event: who adds an event must say here how loud it is. */
const LINES: Readonly<Record<GatewayEvent['type'], readonly [Level, string]>> = {
  'gateway.ready': ['info', 'gateway is ready'],
  'gateway.stopping': ['info', 'gateway is stopping'],
  'gateway.draining': ['info', 'gateway is draining'],
  'address.discovered': ['info', 'address discovered by STUN'],
  'address.changed': ['info', 'addresses of this machine changed'],
  'address.doubtful': ['warn', 'browsers may not reach this address'],
  'call.received': ['info', 'call received'],
  'call.refused': ['warn', 'call refused'],
  'call.dialled': ['debug', 'call sent to a target'],
  'call.not-placed': ['warn', 'call was not placed'],
  'call.placed': ['info', 'call placed'],
  'call.redirected': ['warn', 'call was redirected'],
  'call.unencrypted': ['warn', 'encryption refused: asked again without'],
  'call.unreachable': ['warn', 'target cannot take the call'],
  'call.joined': ['debug', 'call is in its room'],
  'call.ringing': ['debug', 'call is ringing'],
  'call.answered': ['info', 'call answered'],
  'call.media': ['debug', 'first RTP of the phone'],
  'call.spoken': ['debug', 'first RTP to the phone'],
  'call.dtmf': ['debug', 'key pressed'],
  'call.pin': ['info', 'PIN keyed'],
  'call.held': ['info', 'call on hold'],
  'call.resumed': ['info', 'call resumed'],
  'call.transferring': ['info', 'call is being transferred'],
  'call.transfer-progress': ['debug', 'transfer makes progress'],
  'call.transferred': ['info', 'transfer is over'],
  'call.referred': ['info', 'phone asks for a transfer'],
  'call.codec': ['info', 'codec changed'],
  'call.quality': ['debug', 'call quality'],
  'call.ended': ['info', 'call ended'],
  'call.stage': ['debug', 'call came so far'],
  'trunk.withheld': ['warn', 'credentials withheld'],
  'trunk.registered': ['info', 'trunk registered'],
  'trunk.unregistered': ['warn', 'trunk is not registered'],
  'trunk.target': ['warn', 'trunk target changed'],
  'trunk.provisioned': ['info', 'trunk or rule changed by API'],
  'room.opened': ['info', 'room opened'],
  'room.closed': ['info', 'room closed'],
  'participant.joined': ['info', 'participant joined'],
  'participant.active': ['debug', 'participant is active'],
  'participant.left': ['info', 'participant left'],
  'track.published': ['debug', 'track published'],
  'track.unpublished': ['debug', 'track unpublished'],
  'transport.connected': ['info', 'browser media connected'],
  'transport.failed': ['warn', 'browser media failed'],
  'netcheck.over': ['info', 'connection test'],
  'signal.refused': ['warn', 'browser refused'],
  'agent.worker': ['info', 'agent worker'],
  'agent.job': ['info', 'agent job'],
  'turn.allocated': ['debug', 'TURN allocation made'],
  'turn.released': ['debug', 'TURN allocation released'],
  'turn.server': ['warn', 'TURN server changed'],
  'turn.secret': ['warn', 'TURN secret changed on disk'],
  'turn.refused': ['warn', 'TURN request refused'],
  dropped: ['warn', 'bad input dropped'],
  'certificates.loaded': ['info', 'TLS certificates loaded anew'],
  'certificates.refused': ['error', 'TLS certificates changed and cannot be used: the old ones stay'],
  'sip.engine': ['warn', 'connection to drachtio'],
  'worker.failed': ['error', 'media worker failed'],
};

/** Refused calls come from listed trunks or holders of a key, and are wanted one by one, unless there are too many. */
const REFUSED_CALLS = { perSecond: 20, burst: 100 };

/**
 * Writes each event as one line. Numbers are cut short, keys that were pressed are left out (they may be a PIN), and
 * what strangers can cause at will is sampled. `least` is the log's own level: quieter lines are not even made.
 */
export function eventLog(log: Log, clock: Clock, least: Level = 'debug'): EventSink {
  const at = LEVELS.indexOf(least);
  const loud = { debug: at <= 0, info: at <= 1, warn: at <= 2, error: true };
  const drops = new DropSampler();
  const refusals = new TokenBucket(REFUSED_CALLS, clock.now());
  return (event) => {
    const { type } = event;
    const [usual, message] = LINES[type];
    const level = type === 'call.ended' && event.ending.fault === 'server' ? 'warn' : usual;
    if (!loud[level]) return;
    let count: number | undefined;
    const isCall = type === 'call.refused' || type === 'call.not-placed';
    if (isProvoked(event) && !(isCall && refusals.take(clock.now()))) {
      const due = drops.add(sampleKey(event), event.type === 'dropped' ? event.count : 1, clock.now());
      if (due === undefined) return;
      count = due;
    }
    const fields = redactEvent(event);
    log[level](count === undefined ? fields : { ...fields, count }, message);
  };
}

/** Events that others can cause as often as they like. */
type Provoked = Extract<
  GatewayEvent,
  { type: 'dropped' | 'call.refused' | 'call.not-placed' | 'signal.refused' | 'turn.refused' }
>;

function isProvoked(event: GatewayEvent): event is Provoked {
  switch (event.type) {
    case 'dropped':
    case 'call.refused':
    case 'call.not-placed':
    case 'signal.refused':
    case 'turn.refused':
      return true;
    default:
      return false;
  }
}

/** The reason alone, so that neither sources nor numbers make the sampler grow. */
function sampleKey(event: Provoked): string {
  return event.type === 'dropped' ? `${event.where} ${event.reason}` : `${event.type} ${event.reason}`;
}

/** An event's fields as they may stand in a log. */
export function redactEvent(event: GatewayEvent): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  const values = event as unknown as Readonly<Record<string, unknown>>;
  for (const name in values) {
    const value = values[name];
    if (name === 'type') fields['event'] = value;
    else if (event.type === 'call.dtmf' && name === 'digit') continue;
    else if (name === 'from' || name === 'to') fields[name] = redactNumber(String(value));
    else fields[name] = typeof value === 'string' ? redactDigits(value) : value;
  }
  return fields;
}

/** Rooms, identities and user names are often made of numbers: `sip_+60312345678`, `0312345678_x7`. */
function redactDigits(text: string): string {
  if (!hasNumber(text)) return text;
  return text.replace(/\+?\d(?:[-. ()]{0,2}\d){6,}/g, (digits) =>
    isAddress(digits) ? digits : redactNumber(digits),
  );
}

/** Has `text` seven digits, as much as a number has that is cut short? */
function hasNumber(text: string): boolean {
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57 && ++digits === 7) return true;
  }
  return false;
}

/** `192.168.100.20` looks like a number with separators. */
function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}
