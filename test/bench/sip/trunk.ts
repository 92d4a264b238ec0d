import type { DispatchRule, InboundTrunk } from '../../../src/trunk/trunk.ts';

/** A trunk that lets everything in from this machine. */
export const carrierTrunk: InboundTrunk = {
  id: 'ST_carrier',
  name: 'carrier',
  numbers: [],
  allowedAddresses: ['127.0.0.0/8'],
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
  maxCallDurationMs: 3_600_000,
  maxCalls: 0,
  callsPerSecond: 0,
};

/** A room for each called number. */
export const carrierRule: DispatchRule = {
  id: 'SDR_all',
  name: '',
  priority: 0,
  trunkIds: [],
  numbers: [],
  inboundNumbers: [],
  room: { kind: 'callee', roomPrefix: '', randomize: false },
  hidePhoneNumber: false,
  attributes: {},
  metadata: '',
};
