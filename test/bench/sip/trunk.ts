import { rule, trunk } from '../../unit/trunk/trunks.ts';

/** A trunk that lets everything in from this machine. */
export const carrierTrunk = trunk({
  id: 'ST_carrier',
  allowedAddresses: ['127.0.0.0/8'],
  maxCallDurationMs: 3_600_000,
});

/** A room for each called number. */
export const carrierRule = rule({ id: 'SDR_all' });
