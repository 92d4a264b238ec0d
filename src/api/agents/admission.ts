import { fail, ok, type Result } from '../../base/result.ts';
import type { AuthorityVerifier } from '../authority.ts';

/** Why a worker was not let in, with its HTTP status. */
export interface WorkerRefusal {
  readonly reason: string;
  readonly status: 401;
  readonly text: string;
}

/** Lets in workers whose token has LiveKit's `agent` grant; answers the API key that signed it. */
export async function admitWorker(
  verifier: AuthorityVerifier,
  token: string | undefined,
): Promise<Result<string, WorkerRefusal>> {
  if (token === undefined) return fail({ reason: 'no-token', status: 401, text: 'no access token' });
  const authority = await verifier.authority(token);
  if (!authority.ok)
    return fail({ reason: authority.error, status: 401, text: `invalid token: ${authority.error}` });
  return authority.value.agent
    ? ok(authority.value.key)
    : fail({ reason: 'no-agent-right', status: 401, text: 'permissions denied: the token lacks agent' });
}
