import { parseAddress } from '../sip/name-addr.ts';
import type { NameAddr, SipRequestInfo, SipTransport } from '../sip/ports.ts';
import type { CalledNumberSource, InboundTrunk } from './trunk.ts';

/** What is known of a call before anything is decided: the packet's real source, and user parts as they came. */
export interface CallFacts {
  readonly source: string;
  /** By what it came; UDP when it is not said. */
  readonly transport?: SipTransport | undefined;
  /** User of the Request-URI. */
  readonly requestUser: string;
  /** User of the To header. */
  readonly toUser: string;
  /** User of the From header. */
  readonly fromUser: string;
  /** User of P-Called-Party-ID (RFC 7315 section 4.2); absent when there is none. */
  readonly calledPartyUser?: string | undefined;
  /** User of the last Diversion (RFC 5806): the number that was dialled first. */
  readonly divertedUser?: string | undefined;
  /** User of the first History-Info (RFC 7044 section 5): the same, as newer networks have it. */
  readonly firstTargetUser?: string | undefined;
  /** User of P-Asserted-Identity (RFC 3325), and its display name. */
  readonly assertedUser?: string | undefined;
  readonly assertedName?: string | undefined;
  readonly fromName?: string | undefined;
  /** The caller asks not to be shown: Privacy `id`, `header`, `user` (RFC 3323, RFC 3325 section 9.3). */
  readonly privacy?: boolean | undefined;
}

const NONE: readonly NameAddr[] = [];
/** Headers are read so far; a carrier sends one or two of each. */
const MAX_VALUES = 16;

/** The last request that was asked about: each INVITE is, by everyone who decides on it in turn. */
let last: { readonly request: SipRequestInfo; readonly facts: CallFacts } | undefined;

/** Takes from an INVITE what trunks and rules decide by. */
export function callFacts(request: SipRequestInfo): CallFacts {
  if (last?.request !== request) last = { request, facts: readFacts(request) };
  return last.facts;
}

function readFacts(request: SipRequestInfo): CallFacts {
  const asserted = firstNumber(addresses(request, 'p-asserted-identity'));
  return {
    source: request.flow.remote.address,
    transport: request.flow.transport,
    requestUser: request.uri.user,
    toUser: request.to.uri.user,
    fromUser: request.from.uri.user,
    fromName: request.from.display,
    calledPartyUser: addresses(request, 'p-called-party-id')[0]?.uri.user,
    divertedUser: addresses(request, 'diversion').at(-1)?.uri.user,
    firstTargetUser: addresses(request, 'history-info')[0]?.uri.user,
    assertedUser: asserted?.uri.user,
    assertedName: asserted?.display,
    privacy: wantsPrivacy(request.headers('privacy')),
  };
}

function wantsPrivacy(values: readonly string[]): boolean {
  if (values.length === 0) return false;
  return values
    .slice(0, MAX_VALUES)
    .some((value) => value.split(';').some((one) => PRIVATE.has(one.trim().toLowerCase())));
}

const PRIVATE = new Set(['id', 'header', 'user']);

/** The user part that says whom the call is for, by the trunk's setting. */
export function calledUser(source: CalledNumberSource, call: CallFacts): string {
  switch (source) {
    case 'request-uri':
      return call.requestUser;
    case 'to':
      return call.toUser;
    case 'p-called-party-id':
      return call.calledPartyUser ?? call.requestUser;
    case 'diversion':
      return call.divertedUser ?? call.requestUser;
    case 'history-info':
      return call.firstTargetUser ?? call.requestUser;
  }
}

/** Who calls, by the trunk's setting: P-Asserted-Identity only of a trunk that vouches for it. */
export function callingParty(
  { identity }: Pick<InboundTrunk, 'identity'>,
  call: CallFacts,
): { readonly user: string; readonly name: string } {
  const asserted = identity === 'asserted' && call.assertedUser !== undefined;
  return asserted
    ? { user: call.assertedUser ?? '', name: call.assertedName ?? '' }
    : { user: call.fromUser, name: call.fromName ?? '' };
}

function addresses(request: SipRequestInfo, header: string): readonly NameAddr[] {
  const values = request.headers(header);
  if (values.length === 0) return NONE;
  const found: NameAddr[] = [];
  for (const value of values.slice(0, MAX_VALUES)) {
    const address = parseAddress(value);
    if (address?.uri === undefined) continue;
    found.push({ display: address.display, uri: address.uri, params: address.params });
  }
  return found;
}

/** RFC 3325 section 9.1: there may be a sip and a tel URI; the number is what a phone is called by. */
function firstNumber(all: readonly NameAddr[]): NameAddr | undefined {
  return all.find(({ uri }) => uri.scheme === 'tel') ?? all[0];
}
