import {
  CreateSIPParticipantRequest,
  ListSIPDispatchRuleRequest,
  ListSIPDispatchRuleResponse,
  ListSIPInboundTrunkRequest,
  ListSIPInboundTrunkResponse,
  ListSIPOutboundTrunkRequest,
  ListSIPOutboundTrunkResponse,
  TransferSIPParticipantRequest,
} from '@livekit/protocol';
import { ok } from '../base/result.ts';
import type { CallPlacer } from '../call/call-order.ts';
import type { EventSink } from '../events/index.ts';
import type { OutboundTrunk } from '../trunk/outbound.ts';
import type { DispatchRule, InboundTrunk } from '../trunk/trunk.ts';
import { denied } from './room-access.ts';
import { createParticipant } from './sip-participant.ts';
import { type CallTransferrer, transferParticipant } from './sip-transfer.ts';
import { dispatchRuleInfo, inboundTrunkInfo, outboundTrunkInfo } from './sip-trunk-info.ts';
import { type Method, method, refuse } from './twirp.ts';

/** What the SIP service speaks of. */
export interface SipServiceOptions {
  readonly trunks: readonly InboundTrunk[];
  readonly outboundTrunks: readonly OutboundTrunk[];
  readonly rules: readonly DispatchRule[];
  readonly dialer: CallPlacer;
  readonly calls: CallTransferrer;
}

/** Methods that change what the configuration says. */
const CHANGES = [
  'CreateSIPTrunk',
  'CreateSIPInboundTrunk',
  'CreateSIPOutboundTrunk',
  'UpdateSIPInboundTrunk',
  'UpdateSIPOutboundTrunk',
  'DeleteSIPTrunk',
  'CreateSIPDispatchRule',
  'UpdateSIPDispatchRule',
  'DeleteSIPDispatchRule',
];

/**
 * LiveKit's SIP service (livekit_sip.proto): calls out, and a view of trunks and rules, which the configuration has. `emit` hears of
 * what was asked for and has no effect.
 */
export function sipService(options: SipServiceOptions, emit: EventSink): Readonly<Record<string, Method>> {
  const { trunks, outboundTrunks, rules, dialer, calls } = options;
  const readOnly: Method = (_body, _form, { sipAdmin }) =>
    sipAdmin
      ? refuse('unimplemented', 'trunks and dispatch rules come from the configuration of this server')
      : denied();

  return {
    ...Object.fromEntries(CHANGES.map((name) => [name, readOnly])),
    CreateSIPParticipant: method(CreateSIPParticipantRequest, (request, { sipCall }) =>
      sipCall ? createParticipant(request, outboundTrunks, dialer, emit) : denied(),
    ),
    TransferSIPParticipant: method(TransferSIPParticipantRequest, (request, authority) => {
      const { sipCall, roomAdmin, room } = authority;
      const mayTransfer = sipCall && roomAdmin && room !== '' && room === request.roomName;
      return mayTransfer ? transferParticipant(request, calls) : denied();
    }),
    ListSIPInboundTrunk: method(ListSIPInboundTrunkRequest, ({ numbers, page, trunkIds }, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const listed = paged(chosen(trunks, trunkIds, numbers), page);
      return ok(new ListSIPInboundTrunkResponse({ items: listed.map(inboundTrunkInfo) }));
    }),
    ListSIPOutboundTrunk: method(ListSIPOutboundTrunkRequest, ({ numbers, page, trunkIds }, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const listed = paged(chosen(outboundTrunks, trunkIds, numbers), page);
      return ok(new ListSIPOutboundTrunkResponse({ items: listed.map(outboundTrunkInfo) }));
    }),
    ListSIPDispatchRule: method(ListSIPDispatchRuleRequest, (request, { sipAdmin }) => {
      if (!sipAdmin) return denied();
      const ids = new Set(request.dispatchRuleIds);
      const of = new Set(request.trunkIds);
      const listed = rules.filter(
        ({ id, trunkIds }) =>
          // A rule without trunks is for all of them.
          (ids.size === 0 || ids.has(id)) &&
          (of.size === 0 || trunkIds.length === 0 || trunkIds.some((trunk) => of.has(trunk))),
      );
      const items = paged(listed, request.page).map(dispatchRuleInfo);
      return ok(new ListSIPDispatchRuleResponse({ items }));
    }),
  };
}

/** Those with one of the ids that serve one of the numbers; a trunk without numbers serves all. */
function chosen<T extends { readonly id: string; readonly numbers: readonly string[] }>(
  all: readonly T[],
  ids: readonly string[],
  numbers: readonly string[],
): readonly T[] {
  const wanted = new Set(numbers);
  return all.filter(
    ({ id, numbers: its }) =>
      (ids.length === 0 || ids.includes(id)) &&
      (wanted.size === 0 || its.length === 0 || its.some((number) => wanted.has(number))),
  );
}

/** What comes after an id, and no more than asked for. */
function paged<T extends { readonly id: string }>(
  all: readonly T[],
  page: { readonly afterId: string; readonly limit: number } | undefined,
): readonly T[] {
  const from =
    page === undefined || page.afterId === '' ? 0 : all.findIndex(({ id }) => id === page.afterId) + 1;
  const limit = page?.limit ?? 0;
  return all.slice(from, limit > 0 ? from + limit : undefined);
}
