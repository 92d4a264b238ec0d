import type { OutboundTrunk, Target } from '../../../src/trunk/outbound.ts';
import type { DispatchRule, InboundTrunk } from '../../../src/trunk/trunk.ts';

/** A trunk that lets 192.0.2.0/24 call anything, with what a test changes. */
export function trunk(change: Partial<InboundTrunk> = {}): InboundTrunk {
  return {
    id: 'carrier',
    name: '',
    numbers: [],
    allowedAddresses: ['192.0.2.0/24'],
    allowedNumbers: [],
    mediaAddresses: [],
    country: undefined,
    codecs: ['PCMA', 'PCMU'],
    calledNumberFrom: 'request-uri',
    identity: 'from',
    auth: undefined,
    registration: undefined,
    headers: { headers: {}, headersToAttributes: {}, attributesToHeaders: {}, includeHeaders: 'none' },
    ringingTimeoutMs: 30_000,
    maxCallDurationMs: 0,
    maxCalls: 0,
    callsPerSecond: 0,
    ...change,
  };
}

/** A rule that sends every call to the room of its number, with what a test changes. */
export function rule(change: Partial<DispatchRule> = {}): DispatchRule {
  return {
    id: 'rooms',
    name: '',
    priority: 0,
    trunkIds: [],
    numbers: [],
    inboundNumbers: [],
    room: { kind: 'callee', roomPrefix: '', randomize: false },
    hidePhoneNumber: false,
    attributes: {},
    metadata: '',
    ...change,
  };
}

/** A target with what a test changes. */
export function target(host: string, change: Partial<Target> = {}): Target {
  return { host, port: undefined, transport: 'udp', priority: 10, weight: 10, ...change };
}

/** An outbound trunk to 10.0.2.1, with what a test changes. */
export function outboundTrunk(change: Partial<OutboundTrunk> = {}): OutboundTrunk {
  return {
    id: 'out',
    name: '',
    domain: '10.0.2.1',
    targets: [target('10.0.2.1')],
    numbers: [],
    fromHost: undefined,
    callerIdentity: { header: 'none', privacy: 'none' },
    account: undefined,
    headers: { headers: {}, headersToAttributes: {}, attributesToHeaders: {}, includeHeaders: 'none' },
    mediaAddresses: [],
    country: undefined,
    ...{ numberFormat: '+e164', callerFormat: '+e164', techPrefix: '', allowedCountries: 'all' },
    redirects: { do: 'refuse' },
    rerouteCodes: [408, 500, 502, 503, 504],
    codecs: ['PCMA', 'PCMU'],
    ringingTimeoutMs: 60_000,
    targetTimeoutMs: 4000,
    maxCallDurationMs: 0,
    maxCalls: 0,
    callsPerSecond: 0,
    healthIntervalMs: 0,
    register: undefined,
    ...change,
  };
}
