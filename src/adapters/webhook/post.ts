/** LiveKit's type of webhook bodies. */
const TYPE = 'application/webhook+json';

/** How an endpoint answered: its HTTP status, or 0 and why there was none. */
export interface PostResult {
  readonly status: number;
  readonly why: string;
}

/** Posts to an HTTP endpoint; `authorization` is the whole header. Redirects are not followed. Never rejects. */
export async function post(
  url: string,
  body: string,
  authorization: string,
  limits: { readonly timeoutMs: number; readonly abort: AbortSignal },
): Promise<PostResult> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': TYPE, authorization },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(limits.timeoutMs), limits.abort]),
    });
    // What the endpoint says besides is of no use, and must not be read without a bound.
    await response.body?.cancel();
    return { status: response.status, why: response.statusText };
  } catch (error) {
    return { status: 0, why: reasonOf(error) };
  }
}

/** fetch hides the errno in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? cause.message : error.message;
}
