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
