import type {
  CallPolicy,
  DispatchRule,
  HeaderMaps,
  InboundTrunk,
  MediaPatience,
  RoomChoice,
  RoomTerms,
  TransferPolicy,
} from '../../trunk/trunk.ts';
import type { Config, RuleConfig, TrunkConfig } from './schema.ts';
import { termsOf } from './terms.ts';

/** The configuration's trunks, as the trunk folder has them. */
export function inboundTrunks(config: Config): readonly InboundTrunk[] {
  return config.trunks.map((trunk) => ({ ...inboundTrunk(trunk), terms: termsOf(trunk, config) }));
}

/** The configuration's rules, as the trunk folder has them. */
export function dispatchRules(config: Config): readonly DispatchRule[] {
  return config.rules.map((rule) => ({
    id: rule.id,
    name: rule.name,
    enabled: rule.enabled,
    priority: rule.priority,
    trunkIds: rule.trunk_ids,
    numbers: rule.numbers,
    inboundNumbers: rule.inbound_numbers,
    room: roomChoice(rule),
    pin: (rule.direct ?? rule.individual ?? rule.callee)?.pin,
    policy: callPolicy(rule),
    hidePhoneNumber: rule.hide_phone_number,
    attributes: rule.attributes,
    metadata: rule.metadata,
    roomTerms: roomTerms(rule),
  }));
}

function roomTerms({ room_config: config }: RuleConfig): RoomTerms | undefined {
  if (config === undefined) return undefined;
  const agents = config.agents.map(({ agent_name: agentName, ...agent }) => ({
    ...{ ...agent, agentName, restartPolicy: 0 },
  }));
  return {
    emptyMs: config.empty_timeout,
    departureMs: config.departure_timeout,
    maxParticipants: config.max_participants || undefined,
    metadata: config.metadata || undefined,
    agents: agents.length > 0 ? agents : undefined,
  };
}

function inboundTrunk(trunk: TrunkConfig): InboundTrunk {
  return {
    id: trunk.id,
    name: trunk.name,
    numbers: trunk.numbers,
    allowedAddresses: trunk.allowed_addresses,
    transports: trunk.transports,
    allowedNumbers: trunk.allowed_numbers,
    mediaAddresses: trunk.media_addresses,
    mediaEncryption: trunk.media_encryption,
    rtcpMux: trunk.rtcp_mux,
    ...mediaTimes(trunk),
    country: trunk.country,
    codecs: trunk.codecs,
    calledNumberFrom: trunk.called_number_from,
    identity: trunk.trusted_identity ? 'asserted' : 'from',
    auth: authOf(trunk),
    registration: trunk.registration,
    headers: headerMaps(trunk),
    language: trunk.language,
    ringingTimeoutMs: trunk.ringing_timeout,
    maxCallDurationMs: trunk.max_call_duration,
    maxCalls: trunk.max_calls,
    callsPerSecond: trunk.calls_per_second,
    dtmf: trunk.dtmf,
    enabled: trunk.enabled,
    dtmfInband: trunk.dtmf_inband,
    transfers: transferPolicy(trunk),
  };
}

/** The keys about the times of media that both kinds of trunk have. */
export function mediaTimes(
  trunk: Pick<TrunkConfig, 'media_timeout' | 'hold_timeout' | 'ptime' | 'maxptime'>,
): MediaPatience & Pick<InboundTrunk, 'packetTimes'> {
  const { media_timeout, hold_timeout, ptime, maxptime } = trunk;
  const isSet = ptime !== undefined || maxptime !== undefined;
  return {
    mediaTimeoutMs: media_timeout,
    holdTimeoutMs: hold_timeout,
    packetTimes: isSet ? { ptimeMs: ptime, maxPtimeMs: maxptime } : undefined,
  };
}

/** The keys about headers that both kinds of trunk have. */
export function headerMaps(
  trunk: Pick<TrunkConfig, 'headers' | 'headers_to_attributes' | 'attributes_to_headers' | 'include_headers'>,
): HeaderMaps {
  return {
    headers: trunk.headers,
    headersToAttributes: trunk.headers_to_attributes,
    attributesToHeaders: trunk.attributes_to_headers,
    includeHeaders: trunk.include_headers,
  };
}

function authOf(trunk: TrunkConfig): InboundTrunk['auth'] {
  const { auth_username: username, auth_password: password, auth_realm: realm } = trunk;
  if (username === undefined || password === undefined) return undefined;
  return { username, password, realm, algorithms: trunk.auth_algorithms };
}

/** The keys about transfers, of both kinds of trunk. */
export function transferPolicy(
  trunk: Pick<
    TrunkConfig,
    'transfers' | 'transfer_trunk' | 'transfer_numbers' | 'max_transfers' | 'max_transfers_per_call'
  >,
): TransferPolicy | undefined {
  if (trunk.transfers === 'refuse') return undefined;
  return {
    trunk: trunk.transfer_trunk,
    numbers: trunk.transfer_numbers,
    maxPerCall: trunk.max_transfers_per_call,
    maxAtOnce: trunk.max_transfers,
  };
}

function callPolicy(rule: RuleConfig): CallPolicy {
  return {
    answer: rule.answer,
    earlyMedia: rule.early_media,
    waitMs: rule.wait_timeout,
    maxCallDurationMs: rule.max_call_duration,
    mediaTimeoutMs: rule.media_timeout,
    holdTimeoutMs: rule.hold_timeout,
    keypadMute: rule.keypad_mute,
    entrySound: rule.entry_sound,
    language: rule.language,
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
