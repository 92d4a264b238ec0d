/** Node's codes of what goes wrong on the way, for people who look after a network. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nothing listens there, or a firewall turns it away',
  ETIMEDOUT: 'no answer: a firewall drops it, or there is no such machine',
  EHOSTUNREACH: 'there is no route to that machine',
  ENETUNREACH: 'there is no route to that network',
  ECONNRESET: 'cut off in the middle: a firewall or a proxy may have done it',
  EACCES: 'this machine’s own firewall forbids it',
  EPERM: 'this machine’s own firewall forbids it',
  ENOTFOUND: 'there is no such name in the DNS',
  EAI_AGAIN: 'the DNS does not answer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  CERT_HAS_EXPIRED: 'the certificate has expired',
};
/** OpenSSL's names of a certificate that no known authority vouches for. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|UNTRUSTED/;

/** What went wrong, in words; what is not known is told as Node tells it. */
export function faultText(error: unknown): string {
  const codes = [...codesOf(error, 0)];
  for (const code of codes) {
    const words = WORDS[code];
    if (words !== undefined) return words;
    if (UNTRUSTED.test(code))
      return 'the certificate is not one that this machine trusts: a proxy may be looking into TLS';
  }
  return codes[0] ?? (error instanceof Error ? error.message : String(error));
}

/** The codes of an error, of its causes and of those that it sums up. */
function* codesOf(error: unknown, depth: number): Iterable<string> {
  if (!(error instanceof Error) || depth > 4) return;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') yield code;
  // The timeouts of our own sockets.
  else if (/timed out|ETIMEDOUT/.test(error.message)) yield 'ETIMEDOUT';
  if (error instanceof AggregateError) for (const each of error.errors) yield* codesOf(each, depth + 1);
  yield* codesOf(error.cause, depth + 1);
}
