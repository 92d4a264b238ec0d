import {
  CreateSIPDispatchRuleRequest,
  DeleteSIPDispatchRuleRequest,
  SIPDispatchRuleInfo,
  type SIPDispatchRuleUpdate,
  UpdateSIPDispatchRuleRequest,
} from '@livekit/protocol';
import { ok, type Result } from '../../base/result.ts';
import { denied } from '../room-access.ts';
import { type Method, method, refuse, type TwirpFault } from '../twirp.ts';
import { updatedList, updatedMap, updatedMedia } from './field-updates.ts';
import type { Provisions } from './provisions.ts';

/** Those methods of LiveKit's SIP service that make, change and delete dispatch rules. */
export function ruleMethods(provisions: Provisions): Readonly<Record<string, Method>> {
  return {
    CreateSIPDispatchRule: method(CreateSIPDispatchRuleRequest, (request, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      const info = request.dispatchRule ?? infoOf(request);
      return info.rule?.rule.case === undefined
        ? refuse('invalid_argument', 'missing rule')
        : provisions.create('rules', info, key);
    }),
    UpdateSIPDispatchRule: method(UpdateSIPDispatchRuleRequest, (request, { key, sipAdmin }) => {
      if (!sipAdmin) return denied();
      const { action, sipDispatchRuleId: id } = request;
      if (id === '') return refuse('invalid_argument', 'missing rule id');
      if (action.case === undefined) return refuse('invalid_argument', 'missing action');
      const change = (before: SIPDispatchRuleInfo): Result<SIPDispatchRuleInfo, TwirpFault> => {
        const after = action.case === 'replace' ? ok(action.value) : updated(before, action.value);
        return after.ok && after.value.rule?.rule.case === undefined
          ? refuse('invalid_argument', 'missing rule')
          : after;
      };
      return provisions.update('rules', id, change, key);
    }),
    DeleteSIPDispatchRule: method(
      DeleteSIPDispatchRuleRequest,
      ({ sipDispatchRuleId: id }, { key, sipAdmin }) => {
        if (!sipAdmin) return denied();
        if (id === '') return refuse('invalid_argument', 'missing rule id');
        return provisions.delete('rules', id, key);
      },
    ),
  };
}

/** The request's own fields, which are older than its `dispatch_rule` and what LiveKit's SDKs send. */
function infoOf(request: CreateSIPDispatchRuleRequest): SIPDispatchRuleInfo {
  const { attributes, hidePhoneNumber, inboundNumbers, metadata, name, roomPreset, rule, trunkIds } = request;
  return new SIPDispatchRuleInfo({
    ...{ attributes, hidePhoneNumber, inboundNumbers, metadata, name, roomPreset, trunkIds },
    ...(rule !== undefined && { rule }),
    ...(request.roomConfig !== undefined && { roomConfig: request.roomConfig }),
  });
}

function updated(
  before: SIPDispatchRuleInfo,
  said: SIPDispatchRuleUpdate,
): Result<SIPDispatchRuleInfo, TwirpFault> {
  const trunkIds = updatedList(before.trunkIds, said.trunkIds);
  if (!trunkIds.ok) return refuse('invalid_argument', `trunk_ids: ${trunkIds.error}`);
  const { metadata = before.metadata, name = before.name, rule = before.rule } = said;
  return ok(
    new SIPDispatchRuleInfo({
      ...{ ...before, metadata, name, trunkIds: trunkIds.value },
      ...(rule !== undefined && { rule }),
      ...{ attributes: updatedMap(before.attributes, said.attributes), ...updatedMedia(before, said) },
    }),
  );
}
