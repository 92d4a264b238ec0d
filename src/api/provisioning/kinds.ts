import { SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo, Timestamp } from '@livekit/protocol';
import type { Result } from '../../base/result.ts';
import { ruleSettings } from './rule-settings.ts';
import type { Infos, Section, Settings } from './settings.ts';
import { inboundSettings, outboundSettings } from './trunk-settings.ts';

/** What is different between the three kinds of things that are made by API. */
interface Kind<I> {
  /** Of its ids, as LiveKit has it. */
  readonly prefix: 'ST' | 'SDR';
  /** What it is called in answers. */
  readonly noun: string;
  settings(info: I): Result<Settings, string>;
  /** A copy, with the id and the times that it has here. */
  stamped(info: I, id: string, times: { readonly createdAt: Timestamp; readonly updatedAt: Timestamp }): I;
  /** A copy as it is told: without secrets. */
  told(info: I): I;
  read(json: unknown): I;
}

type Json = Parameters<typeof SIPInboundTrunkInfo.fromJson>[0];

/** Fields that a later version has written are passed over. */
const LENIENT = { ignoreUnknownFields: true } as const;

export const KINDS: { readonly [S in Section]: Kind<Infos[S]> } = {
  trunks: {
    ...{ prefix: 'ST', noun: 'inbound trunk', settings: inboundSettings },
    stamped: (info, sipTrunkId, times) => new SIPInboundTrunkInfo({ ...info, sipTrunkId, ...times }),
    told: (info) => new SIPInboundTrunkInfo({ ...info, authPassword: '' }),
    read: (json) => SIPInboundTrunkInfo.fromJson(json as Json, LENIENT),
  },
  outbound_trunks: {
    ...{ prefix: 'ST', noun: 'outbound trunk', settings: outboundSettings },
    stamped: (info, sipTrunkId, times) => new SIPOutboundTrunkInfo({ ...info, sipTrunkId, ...times }),
    told: (info) => new SIPOutboundTrunkInfo({ ...info, authPassword: '' }),
    read: (json) => SIPOutboundTrunkInfo.fromJson(json as Json, LENIENT),
  },
  rules: {
    ...{ prefix: 'SDR', noun: 'dispatch rule', settings: ruleSettings },
    stamped: (info, sipDispatchRuleId, times) =>
      new SIPDispatchRuleInfo({ ...info, sipDispatchRuleId, ...times }),
    // The PIN is told, as LiveKit does: who writes back what he has read would open the rule to everybody without it.
    told: (info) => info,
    read: (json) => SIPDispatchRuleInfo.fromJson(json as Json, LENIENT),
  },
};

/** The id that a message says it has; empty: none. */
export function idOf(info: Infos[Section]): string {
  return 'sipTrunkId' in info ? info.sipTrunkId : info.sipDispatchRuleId;
}

/** A point of time as protobuf has it. */
export function timestamp(unixMs: number): Timestamp {
  return Timestamp.fromDate(new Date(unixMs));
}
