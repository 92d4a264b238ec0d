import {
  SIPDispatchRule,
  SIPDispatchRuleCallee,
  SIPDispatchRuleDirect,
  SIPDispatchRuleIndividual,
  SIPDispatchRuleInfo,
  SIPHeaderOptions,
  SIPInboundTrunkInfo,
  SIPOutboundTrunkInfo,
  SIPTransport,
  SIPTrunkInfo,
  SIPTrunkInfo_TrunkKind,
} from '@livekit/protocol';
import type { Millis } from '../base/clock.ts';
import type { OutboundTrunk, Target } from '../trunk/outbound.ts';
import type { DispatchRule, HeaderMaps, InboundTrunk } from '../trunk/trunk.ts';
import { MEDIA_ENCRYPTION } from './media-encryption.ts';

/** LiveKit's numbers for which headers become attributes. */
const INCLUDE = {
  none: SIPHeaderOptions.SIP_NO_HEADERS,
  x: SIPHeaderOptions.SIP_X_HEADERS,
  all: SIPHeaderOptions.SIP_ALL_HEADERS,
} as const;

const TRANSPORT: Readonly<Record<Target['transport'], SIPTransport>> = {
  udp: SIPTransport.SIP_TRANSPORT_UDP,
  tcp: SIPTransport.SIP_TRANSPORT_TCP,
  tls: SIPTransport.SIP_TRANSPORT_TLS,
  ws: SIPTransport.SIP_TRANSPORT_AUTO,
  wss: SIPTransport.SIP_TRANSPORT_AUTO,
};

/** An inbound trunk of the configuration as LiveKit tells it. Its password is nobody's business. */
export function inboundTrunkInfo(trunk: InboundTrunk): SIPInboundTrunkInfo {
  return new SIPInboundTrunkInfo({
    ...{ sipTrunkId: trunk.id, name: trunk.name, ...headerFields(trunk.headers) },
    numbers: [...trunk.numbers],
    allowedAddresses: [...trunk.allowedAddresses],
    allowedNumbers: [...trunk.allowedNumbers],
    mediaEncryption: MEDIA_ENCRYPTION[trunk.mediaEncryption ?? 'disabled'],
    authUsername: trunk.auth?.username ?? '',
    authRealm: trunk.auth?.realm ?? '',
    ringingTimeout: durationOf(trunk.ringingTimeoutMs),
    ...(trunk.maxCallDurationMs > 0 && { maxCallDuration: durationOf(trunk.maxCallDurationMs) }),
  });
}

/** An outbound trunk of the configuration as LiveKit tells it, without its password. */
export function outboundTrunkInfo(trunk: OutboundTrunk): SIPOutboundTrunkInfo {
  return new SIPOutboundTrunkInfo({
    ...{ sipTrunkId: trunk.id, name: trunk.name, ...headerFields(trunk.headers) },
    address: trunk.domain,
    transport: TRANSPORT[trunk.targets[0]?.transport ?? 'udp'],
    destinationCountry: trunk.country ?? '',
    numbers: [...trunk.numbers],
    authUsername: trunk.account?.username ?? '',
    fromHost: trunk.fromHost ?? '',
    mediaEncryption: MEDIA_ENCRYPTION[trunk.mediaEncryption ?? 'disabled'],
  });
}

/** A trunk of either kind in the one message that LiveKit had for both before, and still lists. */
export function eitherTrunkInfo(trunk: SIPInboundTrunkInfo | SIPOutboundTrunkInfo): SIPTrunkInfo {
  const { metadata, name, numbers, sipTrunkId } = trunk;
  const both = { sipTrunkId, name, metadata, outboundNumber: numbers[0] ?? '' };
  return 'address' in trunk
    ? new SIPTrunkInfo({
        ...{ ...both, kind: SIPTrunkInfo_TrunkKind.TRUNK_OUTBOUND, transport: trunk.transport },
        ...{ outboundAddress: trunk.address, outboundUsername: trunk.authUsername },
      })
    : new SIPTrunkInfo({
        ...{ ...both, kind: SIPTrunkInfo_TrunkKind.TRUNK_INBOUND, inboundUsername: trunk.authUsername },
        ...{ inboundAddresses: trunk.allowedAddresses, inboundNumbers: trunk.allowedNumbers },
      });
}

/** A dispatch rule of the configuration as LiveKit tells it. */
export function dispatchRuleInfo(rule: DispatchRule): SIPDispatchRuleInfo {
  return new SIPDispatchRuleInfo({
    sipDispatchRuleId: rule.id,
    rule: new SIPDispatchRule({ rule: roomChoice(rule) }),
    trunkIds: [...rule.trunkIds],
    hidePhoneNumber: rule.hidePhoneNumber,
    inboundNumbers: [...rule.inboundNumbers],
    numbers: [...rule.numbers],
    name: rule.name,
    metadata: rule.metadata,
    attributes: { ...rule.attributes },
  });
}

/** Which headers a request wants as attributes; undefined when it does not say. */
export function includedHeaders(option: SIPHeaderOptions): HeaderMaps['includeHeaders'] | undefined {
  if (option === SIPHeaderOptions.SIP_X_HEADERS) return 'x';
  return option === SIPHeaderOptions.SIP_ALL_HEADERS ? 'all' : undefined;
}

function headerFields({ headers, headersToAttributes, attributesToHeaders, includeHeaders }: HeaderMaps) {
  return {
    headers: { ...headers },
    headersToAttributes: { ...headersToAttributes },
    attributesToHeaders: { ...attributesToHeaders },
    includeHeaders: INCLUDE[includeHeaders],
  };
}

function roomChoice({ room }: DispatchRule): SIPDispatchRule['rule'] {
  switch (room.kind) {
    case 'direct':
      return { case: 'dispatchRuleDirect', value: new SIPDispatchRuleDirect({ roomName: room.roomName }) };
    case 'individual': {
      const { roomPrefix, randomize } = room;
      const value = new SIPDispatchRuleIndividual({ roomPrefix, noRandomness: !randomize });
      return { case: 'dispatchRuleIndividual', value };
    }
    case 'callee': {
      const { roomPrefix, randomize } = room;
      return {
        case: 'dispatchRuleCallee',
        value: new SIPDispatchRuleCallee({ roomPrefix, randomize }),
      };
    }
  }
}

/** A span as protobuf's Duration has it. */
function durationOf(ms: Millis): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
