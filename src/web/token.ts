import { PlainError, UNREACHABLE } from './words.ts';

/** Asks the gateway for a token, which it gives in development mode alone. */
export async function askToken(name: string, room: string): Promise<string> {
  const response = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, room }),
  }).catch(() => {
    throw new PlainError(UNREACHABLE);
  });
  if (response.status === 404) {
    throw new PlainError(
      'This gateway gives no tokens by itself. Open the page with ?token= and one from your backend.',
    );
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof answer === 'object' && answer !== null && 'token' in answer)
    return String(answer.token);
  throw new PlainError('The gateway gave no token. Check the name and the room.');
}
