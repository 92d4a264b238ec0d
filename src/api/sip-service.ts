import {
  CreateSIPParticipantRequest,
  GetSIPInboundTrunkRequest,
  GetSIPInboundTrunkResponse,
  GetSIPOutboundTrunkRequest,
  GetSIPOutboundTrunkResponse,
  ListSIPDispatchRuleRequest,
  ListSIPDispatchRuleResponse,
  ListSIPInboundTrunkRequest,
  ListSIPInboundTrunkResponse,
  ListSIPOutboundTrunkRequest,
  ListSIPOutboundTrunkResponse,
  ListSIPTrunkRequest,
  ListSIPTrunkResponse,
  type SIPInboundTrunkInfo,
  type SIPOutboundTrunkInfo,
  TransferSIPParticipantRequest,
} from '@livekit/protocol';
import { ok } from '../base/result.ts';
import type { CallPlacer } from '../call/call-order.ts';
import type { EventSink } from '../events/index.ts';
import { idOf } from './provisioning/kinds.ts';
import type { Provisions } from './provisioning/provisions.ts';
import { ruleMethods } from './provisioning/rule-methods.ts';
import type { Infos, Section } from './provisioning/settings.ts';
import { trunkMethods } from './provisioning/trunk-methods.ts';
import { plainNumber } from './provisioning/trunk-settings.ts';
import { denied } from './room-access.ts';
import { createParticipant } from './sip-participant.ts';
import { type CallTransferrer, transferParticipant } from './sip-transfer.ts';
import { dispatchRuleInfo, eitherTrunkInfo, inboundTrunkInfo, outboundTrunkInfo } from './sip-trunk-info.ts';
import { type Method, method, refuse } from './twirp.ts';

/** What the SIP service speaks of. */
export interface SipServiceOptions {
  readonly provisions: Provisions;
  readonly dialer: CallPlacer;
  readonly calls: CallTransferrer;
}

/**
 * LiveKit's SIP service (livekit_sip.proto): calls out, and trunks and rules, of the configuration and made here. `emit` hears of what was
 * asked for and has no effect.
 */
export function sipService(options: SipServiceOptions, emit: EventSink): Readonly<Record<string, Method>> {
  const { provisions, dialer, calls } = options;
  const inbound = () => [...provisions.given.trunks.map(inboundTrunkInfo), ...provisions.told('trunks')];
  const outbound = () => [
    ...provisions.given.outboundTrunks.map(outboundTrunkInfo),
    ...provisions.told('outbound_trunks'),
  ];
  const rules = () => [...provisions.given.rules.map(dispatchRuleInfo), ...provisions.told('rules')];

  return {
    ...trunkMethods(provisions),
    ...ruleMethods(provisions),
    CreateSIPTrunk: (_body, _form, { sipAdmin }) =>
      sipAdmin
        ? refuse('unimplemented', 'use CreateSIPInboundTrunk or CreateSIPOutboundTrunk, which took its place')
        : denied(),
    CreateSIPParticipant: method(CreateSIPParticipantRequest, (request, { sipCall }) =>
      sipCall ? createParticipant(request, provisions.plan.outboundTrunks, dialer, emit) : denied(),
    ),
    TransferSIPParticipant: method(TransferSIPParticipantRequest, (request, authority) => {
      const { sipCall, roomAdmin, room } = authority;
      const mayTransfer = sipCall && roomAdmin && room !== '' && room === request.roomName;
      return mayTransfer ? transferParticipant(request, calls) : denied();
    }),
    GetSIPInboundTrunk: method(GetSIPInboundTrunkRequest, ({ sipTrunkId }, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const trunk = inbound().find((each) => each.sipTrunkId === sipTrunkId);
      return trunk === undefined
        ? refuse('not_found', 'requested sip trunk does not exist')
        : ok(new GetSIPInboundTrunkResponse({ trunk }));
    }),
    GetSIPOutboundTrunk: method(GetSIPOutboundTrunkRequest, ({ sipTrunkId }, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const trunk = outbound().find((each) => each.sipTrunkId === sipTrunkId);
      return trunk === undefined
        ? refuse('not_found', 'requested sip trunk does not exist')
        : ok(new GetSIPOutboundTrunkResponse({ trunk }));
    }),
    ListSIPTrunk: method(ListSIPTrunkRequest, ({ page }, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const items = [...inbound(), ...outbound()].map(eitherTrunkInfo);
      return ok(new ListSIPTrunkResponse({ items: paged(items, page, ({ sipTrunkId }) => sipTrunkId) }));
    }),
    ListSIPInboundTrunk: method(ListSIPInboundTrunkRequest, (request, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const listed = ofNumbers(named(inbound(), request.trunkIds), request.numbers);
      return ok(new ListSIPInboundTrunkResponse({ items: paged(listed, request.page, idOf) }));
    }),
    ListSIPOutboundTrunk: method(ListSIPOutboundTrunkRequest, (request, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const listed = ofNumbers(named(outbound(), request.trunkIds), request.numbers);
      return ok(new ListSIPOutboundTrunkResponse({ items: paged(listed, request.page, idOf) }));
    }),
    ListSIPDispatchRule: method(ListSIPDispatchRuleRequest, (request, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const of = new Set(request.trunkIds);
      const listed = named(rules(), request.dispatchRuleIds).filter(
        // A rule without trunks is for all of them.
        ({ trunkIds }) => of.size === 0 || trunkIds.length === 0 || trunkIds.some((trunk) => of.has(trunk)),
      );
      return ok(new ListSIPDispatchRuleResponse({ items: paged(listed, request.page, idOf) }));
    }),
  };
}

/** Those with one of the ids, in the order of the ids; all when none is asked for. */
function named<I extends Infos[Section]>(all: readonly I[], ids: readonly string[]): readonly I[] {
  if (ids.length === 0) return all;
  return ids.flatMap((id) => all.find((each) => idOf(each) === id) ?? []);
}

/** Those that serve one of the numbers, however it is written; a trunk without numbers serves all. */
function ofNumbers<I extends SIPInboundTrunkInfo | SIPOutboundTrunkInfo>(
  all: readonly I[],
  numbers: readonly string[],
): readonly I[] {
  const bare = (number: string) => plainNumber(number).replace(/^\+/, '');
  const wanted = new Set(numbers.map(bare));
  return all.filter(
    ({ numbers: its }) =>
      wanted.size === 0 || its.length === 0 || its.some((number) => wanted.has(bare(number))),
  );
}

/** What comes after an id, and no more than asked for. */
function paged<T>(
  all: readonly T[],
  page: { readonly afterId: string; readonly limit: number } | undefined,
  id: (item: T) => string,
): T[] {
  const from =
    page === undefined || page.afterId === '' ? 0 : all.findIndex((item) => id(item) === page.afterId) + 1;
  const limit = page?.limit ?? 0;
  return all.slice(from, limit > 0 ? from + limit : undefined);
}
