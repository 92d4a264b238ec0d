import { PerformRpcResponse } from '@livekit/protocol';
import { fail, ok, type Result } from '../base/result.ts';
import type { RpcCall, RpcFailure, ServerRpc } from '../peer/server-rpc.ts';
import type { TwirpFault } from './twirp.ts';

/** LiveKit's errors of RPC by their number, as Twirp has them; a method's own errors are `unknown`. */
const CODES: Readonly<Record<number, TwirpFault['code']>> = {
  1400: 'unimplemented',
  1401: 'not_found',
  1402: 'invalid_argument',
  1403: 'failed_precondition',
  1501: 'unavailable',
  1502: 'deadline_exceeded',
  1503: 'unavailable',
  1504: 'resource_exhausted',
  1505: 'resource_exhausted',
};

/** PerformRpc: calls a participant's method and waits for what it answers. */
export async function performRpc(
  rpc: ServerRpc,
  call: RpcCall,
): Promise<Result<PerformRpcResponse, TwirpFault>> {
  const outcome = await rpc.call(call);
  return outcome.ok ? ok(new PerformRpcResponse({ payload: outcome.payload })) : faultOf(outcome.error);
}

function faultOf({ code, data, message }: RpcFailure): Result<never, TwirpFault> {
  const meta = { rpc_error_code: String(code), rpc_error_message: message, rpc_error_data: data };
  return fail({ code: CODES[code] ?? 'unknown', msg: message, meta });
}
