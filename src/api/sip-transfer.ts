import {
  SIPTransferReason,
  SIPTransferStatus,
  type TransferSIPParticipantRequest,
  TransferSIPParticipantResponse,
} from '@livekit/protocol';
import { ok, type Result } from '../base/result.ts';
import type { PhoneCalls } from '../call/phone-calls.ts';
import type { TransferOutcome, TransferRefusal } from '../call/transfer.ts';
import { transferFault } from './sip-fault.ts';
import { faultyHeader, msOf } from './sip-participant.ts';
import { refuse, type TwirpFault } from './twirp.ts';

/** What transfers calls. */
export type CallTransferrer = Pick<PhoneCalls, 'transfer'>;

/**
 * TransferSIPParticipant: hands a phone on by REFER and answers when the far end has told what came of it. Older clients expect
 * protobuf's Empty, which any message is.
 */
export function transferParticipant(
  request: TransferSIPParticipantRequest,
  calls: CallTransferrer,
):
  | Result<TransferSIPParticipantResponse, TwirpFault>
  | Promise<Result<TransferSIPParticipantResponse, TwirpFault>> {
  const { roomName: room, participantIdentity: identity, transferTo, headers } = request;
  if (identity === '') return refuse('invalid_argument', 'missing participant identity');
  if (transferTo === '') return refuse('invalid_argument', 'missing transfer to');
  if (request.playDialtone)
    return refuse('unimplemented', 'this server plays no dial tone during a transfer');
  const badHeader = faultyHeader(headers);
  if (badHeader !== undefined) return refuse('invalid_argument', `header ${badHeader} cannot be set`);
  let settle: (outcome: TransferOutcome) => void = () => {};
  const outcome = new Promise<TransferOutcome>((resolve) => {
    settle = resolve;
  });
  const order = { to: transferTo, headers, timeoutMs: msOf(request.ringingTimeout) };
  const begun = calls.transfer({ room, identity }, order, { over: (came) => settle(came) });
  if (!begun.ok) return refusalFault(begun.error);
  return outcome.then((came) => (came.ok ? ok(done()) : transferFault(came.status, came.reason)));
}

function done(): TransferSIPParticipantResponse {
  const status = SIPTransferStatus.STS_TRANSFER_SUCCESSFUL;
  return new TransferSIPParticipantResponse({ status, reason: SIPTransferReason.STR_COMPLETED });
}

function refusalFault(refusal: TransferRefusal | 'no-such-call'): { ok: false; error: TwirpFault } {
  switch (refusal) {
    case 'no-such-call':
      return refuse('not_found', 'requested participant is no phone of this room');
    case 'bad-target':
      return refuse('invalid_argument', 'transfer to must be a number, or a tel or sip URI');
    default:
      return refuse('failed_precondition', `the call is not transferred: ${refusal}`);
  }
}
