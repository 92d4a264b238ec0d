import type { DispatchRule, InboundTrunk, RoomChoice } from '../../trunk/trunk.ts';
import type { Config, RuleConfig, TrunkConfig } from './schema.ts';

/** The configuration's trunks, as the trunk folder has them. */
export function inboundTrunks(config: Config): readonly InboundTrunk[] {
  return config.trunks.map(inboundTrunk);
}

/** The configuration's rules, as the trunk folder has them. */
export function dispatchRules(config: Config): readonly DispatchRule[] {
  return config.rules.map((rule) => ({
    id: rule.id,
    name: rule.name,
    trunkIds: rule.trunk_ids,
    numbers: rule.numbers,
    inboundNumbers: rule.inbound_numbers,
    room: roomChoice(rule),
    hidePhoneNumber: rule.hide_phone_number,
    attributes: rule.attributes,
    metadata: rule.metadata,
  }));
}

function inboundTrunk(trunk: TrunkConfig): InboundTrunk {
  return {
    id: trunk.id,
    name: trunk.name,
    numbers: trunk.numbers,
    allowedAddresses: trunk.allowed_addresses,
    allowedNumbers: trunk.allowed_numbers,
    mediaAddresses: trunk.media_addresses,
    country: trunk.country,
    codecs: trunk.codecs,
    calledNumberFrom: trunk.called_number_from,
    ringingTimeoutMs: trunk.ringing_timeout,
    maxCallDurationMs: trunk.max_call_duration,
    maxCalls: trunk.max_calls,
    callsPerSecond: trunk.calls_per_second,
  };
}

function roomChoice({ direct, individual, callee }: RuleConfig): RoomChoice {
  if (direct !== undefined) return { kind: 'direct', roomName: direct.room_name };
  if (individual !== undefined) {
    return { kind: 'individual', roomPrefix: individual.room_prefix, randomize: !individual.no_randomness };
  }
  if (callee !== undefined)
    return { kind: 'callee', roomPrefix: callee.room_prefix, randomize: callee.randomize };
  throw new Error('the schema lets no rule pass without a room');
}
