import { ListEgressResponse, ListIngressResponse } from '@livekit/protocol';
import { ok } from '../base/result.ts';
import type { Authority } from './authority.ts';
import { denied } from './room-access.ts';
import { type Method, refuse } from './twirp.ts';

const EGRESS = [
  ...['StartRoomCompositeEgress', 'StartWebEgress', 'StartParticipantEgress', 'StartTrackCompositeEgress'],
  ...['StartTrackEgress', 'StartEgress', 'UpdateEgress', 'UpdateLayout', 'UpdateStream', 'StopEgress'],
];
const INGRESS = ['CreateIngress', 'UpdateIngress', 'DeleteIngress'];

/** LiveKit's Egress, for who may record: nothing is recorded here, and the list of it is empty. */
export function egressService(): Readonly<Record<string, Method>> {
  const may = ({ roomRecord }: Authority): boolean => roomRecord;
  return {
    ...absent(EGRESS, may, 'nothing is recorded here: a recorder joins as a participant'),
    ListEgress: (_body, _form, authority) => (may(authority) ? ok(new ListEgressResponse()) : denied()),
  };
}

/** LiveKit's Ingress: there is none, and the list of it is empty. */
export function ingressService(): Readonly<Record<string, Method>> {
  const may = ({ ingressAdmin }: Authority): boolean => ingressAdmin;
  return {
    ...absent(INGRESS, may, 'there is no ingress here: publish by WHIP, at /whip/v1'),
    ListIngress: (_body, _form, authority) => (may(authority) ? ok(new ListIngressResponse()) : denied()),
  };
}

function absent(
  names: readonly string[],
  may: (authority: Authority) => boolean,
  words: string,
): Readonly<Record<string, Method>> {
  const refusal: Method = (_body, _form, authority) =>
    may(authority) ? refuse('unimplemented', words) : denied();
  return Object.fromEntries(names.map((name) => [name, refusal]));
}
