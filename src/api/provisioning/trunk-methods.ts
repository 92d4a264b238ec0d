import {
  CreateSIPInboundTrunkRequest,
  CreateSIPOutboundTrunkRequest,
  DeleteSIPTrunkRequest,
  SIPInboundTrunkInfo,
  type SIPInboundTrunkUpdate,
  SIPOutboundTrunkInfo,
  type SIPOutboundTrunkUpdate,
  SIPTrunkInfo,
  UpdateSIPInboundTrunkRequest,
  UpdateSIPOutboundTrunkRequest,
} from '@livekit/protocol';
import { ok, type Result } from '../../base/result.ts';
import { denied } from '../room-access.ts';
import { type Method, method, refuse, type TwirpFault } from '../twirp.ts';
import { updatedList, updatedMedia } from './field-updates.ts';
import type { Provisions } from './provisions.ts';

/** Those methods of LiveKit's SIP service that make, change and delete trunks. */
export function trunkMethods(provisions: Provisions): Readonly<Record<string, Method>> {
  return {
    CreateSIPInboundTrunk: method(CreateSIPInboundTrunkRequest, ({ trunk }, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      return trunk === undefined ? missing('trunk') : provisions.create('trunks', trunk, key);
    }),
    CreateSIPOutboundTrunk: method(CreateSIPOutboundTrunkRequest, ({ trunk }, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      if (trunk === undefined) return missing('trunk');
      const fault = outboundFault(trunk);
      return fault ?? provisions.create('outbound_trunks', trunk, key);
    }),
    UpdateSIPInboundTrunk: method(UpdateSIPInboundTrunkRequest, (request, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      const { action, sipTrunkId: id } = request;
      if (id === '') return missing('trunk id');
      if (action.case === undefined) return missing('action');
      const { value } = action;
      const change = (before: SIPInboundTrunkInfo) =>
        action.case === 'replace' ? ok(replaced(action.value, before)) : inboundUpdated(before, action.value);
      return value === undefined ? missing('trunk') : provisions.update('trunks', id, change, key);
    }),
    UpdateSIPOutboundTrunk: method(UpdateSIPOutboundTrunkRequest, (request, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      const { action, sipTrunkId: id } = request;
      if (id === '') return missing('trunk id');
      if (action.case === undefined) return missing('action');
      const change = (before: SIPOutboundTrunkInfo): Result<SIPOutboundTrunkInfo, TwirpFault> => {
        const after =
          action.case === 'replace'
            ? ok(replaced(action.value, before))
            : outboundUpdated(before, action.value);
        return after.ok ? (outboundFault(after.value) ?? after) : after;
      };
      return provisions.update('outbound_trunks', id, change, key);
    }),
    DeleteSIPTrunk: method(DeleteSIPTrunkRequest, async ({ sipTrunkId: id }, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      if (id === '') return missing('trunk id');
      const section = provisions.has('outbound_trunks', id) ? 'outbound_trunks' : 'trunks';
      const known = provisions.given.outboundTrunks.some((trunk) => trunk.id === id);
      const deleted = await provisions.delete(known ? 'outbound_trunks' : section, id, key);
      return deleted.ok ? ok(new SIPTrunkInfo({ sipTrunkId: id })) : deleted;
    }),
  };
}

function missing(what: string): { ok: false; error: TwirpFault } {
  return refuse('invalid_argument', `missing ${what}`);
}

/** LiveKit wants a number to call from. */
function outboundFault({ address, numbers }: SIPOutboundTrunkInfo) {
  if (numbers.length === 0) return refuse('invalid_argument', 'no trunk numbers specified');
  return address === '' ? refuse('invalid_argument', 'no outbound address specified') : undefined;
}

/** Who writes back what was listed has no password to write: the one before stays, as long as it is the same user's. */
function replaced<T extends SIPInboundTrunkInfo | SIPOutboundTrunkInfo>(after: T, before: T): T {
  const isSame = after.authPassword === '' && after.authUsername === before.authUsername;
  const whole = after.clone() as T;
  if (isSame) whole.authPassword = before.authPassword;
  return whole;
}

function inboundUpdated(
  before: SIPInboundTrunkInfo,
  said: SIPInboundTrunkUpdate,
): Result<SIPInboundTrunkInfo, TwirpFault> {
  const numbers = updatedList(before.numbers, said.numbers);
  const allowedAddresses = updatedList(before.allowedAddresses, said.allowedAddresses);
  const allowedNumbers = updatedList(before.allowedNumbers, said.allowedNumbers);
  if (!numbers.ok) return refuse('invalid_argument', `numbers: ${numbers.error}`);
  if (!allowedAddresses.ok) return refuse('invalid_argument', `allowed_addresses: ${allowedAddresses.error}`);
  if (!allowedNumbers.ok) return refuse('invalid_argument', `allowed_numbers: ${allowedNumbers.error}`);
  const { authPassword, authRealm, authUsername, metadata, name } = { ...before, ...defined(said) };
  return ok(
    new SIPInboundTrunkInfo({
      ...{ ...before, authPassword, authRealm, authUsername, metadata, name },
      ...{ numbers: numbers.value, allowedAddresses: allowedAddresses.value },
      ...{ allowedNumbers: allowedNumbers.value, ...updatedMedia(before, said) },
    }),
  );
}

function outboundUpdated(
  before: SIPOutboundTrunkInfo,
  said: SIPOutboundTrunkUpdate,
): Result<SIPOutboundTrunkInfo, TwirpFault> {
  const numbers = updatedList(before.numbers, said.numbers);
  if (!numbers.ok) return refuse('invalid_argument', `numbers: ${numbers.error}`);
  const after = { ...before, ...defined(said) };
  const { address, authPassword, authUsername, destinationCountry, fromHost, metadata, name, transport } =
    after;
  return ok(
    new SIPOutboundTrunkInfo({
      ...{ ...before, address, authPassword, authUsername, destinationCountry, fromHost },
      ...{ metadata, name, transport, numbers: numbers.value, ...updatedMedia(before, said) },
    }),
  );
}

/** What is said: an update's fields are absent where nothing is. */
function defined<T extends object>(said: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const all = Object.entries(said).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all) as { [K in keyof T]: Exclude<T[K], undefined> };
}
