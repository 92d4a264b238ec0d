import { type RoomConfiguration, type SIPDispatchRuleInfo, SIPMediaEncryption } from '@livekit/protocol';
import { fail, ok, type Result } from '../../base/result.ts';
import { ownSettings } from './own-settings.ts';
import type { Settings } from './settings.ts';
import { durationText, plainNumber } from './trunk-settings.ts';

/**
 * LiveKit's dispatch rule in the configuration's words. What would make other calls than are asked for is refused: encryption and codecs
 * are the trunk's, and there are no presets of rooms.
 */
export function ruleSettings(info: SIPDispatchRuleInfo): Result<Settings, string> {
  const { media, rule } = info;
  const own = ownSettings('rules', info.metadata);
  if (!own.ok) return own;
  if (info.roomPreset !== '') return fail(`room_preset: there is no preset ${info.roomPreset}`);
  const encryption = media?.encryption ?? info.mediaEncryption;
  if (encryption !== SIPMediaEncryption.SIP_MEDIA_ENCRYPT_DISABLE)
    return fail('media_encryption: is said by the trunk, not by a rule');
  if ((media?.codecs.length ?? 0) > 0) return fail('media.codecs: are said by the trunk, not by a rule');
  return ok({
    name: info.name,
    trunk_ids: info.trunkIds,
    numbers: info.numbers.map(plainNumber),
    inbound_numbers: info.inboundNumbers.map(plainNumber),
    ...roomChoice(rule),
    hide_phone_number: info.hidePhoneNumber,
    attributes: info.attributes,
    metadata: info.metadata,
    media_timeout: durationText(media?.mediaTimeout),
    room_config: info.roomConfig === undefined ? undefined : roomConfig(info.roomConfig),
    ...own.value,
  });
}

function roomChoice(rule: SIPDispatchRuleInfo['rule']): Settings {
  const choice = rule?.rule;
  switch (choice?.case) {
    case 'dispatchRuleDirect': {
      const { roomName, pin } = choice.value;
      return { direct: { room_name: roomName, ...pinOf(pin) } };
    }
    case 'dispatchRuleIndividual': {
      const { roomPrefix, noRandomness, pin } = choice.value;
      return { individual: { room_prefix: roomPrefix, no_randomness: noRandomness, ...pinOf(pin) } };
    }
    case 'dispatchRuleCallee': {
      const { roomPrefix, randomize, pin } = choice.value;
      return { callee: { room_prefix: roomPrefix, randomize, ...pinOf(pin) } };
    }
    default:
      return {};
  }
}

function pinOf(pin: string): Settings {
  return pin === '' ? {} : { pin };
}

/** The rest of the message (egress, node) has no effect, as in CreateRoom. */
function roomConfig(config: RoomConfiguration): Settings {
  return {
    empty_timeout: config.emptyTimeout === 0 ? undefined : `${config.emptyTimeout}s`,
    departure_timeout: config.departureTimeout === 0 ? undefined : `${config.departureTimeout}s`,
    max_participants: config.maxParticipants,
    metadata: config.metadata,
    agents: config.agents.map(({ agentName, attributes, deployment, metadata }) => ({
      ...{ agent_name: agentName, attributes, deployment, metadata },
    })),
  };
}
