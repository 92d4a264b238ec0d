import { parseHostPort, parseUri } from '../sip/uri.ts';

/** A user part that a person may write as a number or name: nothing that could be more than one. */
const USER = /^\+?[A-Za-z0-9._*#-]{1,64}$/;

/**
 * The URI that a call is transferred to. `to`: a `sip:`, `sips:` or `tel:` URI as it is, or a number or name, which is then one of
 * the far end's: `farUri` is how our requests name it. Undefined when it is none of these.
 */
export function transferTarget(to: string, farUri: string): string | undefined {
  const text = to.trim();
  if (/^(?:sips?|tel):/i.test(text)) {
    const uri = parseUri(text);
    // Headers in it would be headers of the new call, and those are given by other means.
    return uri.ok && uri.value.headers === '' && uri.value.user !== '' ? text : undefined;
  }
  const user = text.replace(/[ ()/]/g, '');
  const far = parseUri(farUri);
  if (!USER.test(user) || !far.ok || far.value.host === '') return undefined;
  const { host, port } = far.value;
  const at = host.includes(':') ? `[${host}]` : host;
  const hostPort = port === undefined ? at : `${at}:${port}`;
  // `#` ends a URI for some, and is always escaped (RFC 3261 section 25.1, user-unreserved).
  return parseHostPort(hostPort) === undefined ? undefined : `sip:${user.replaceAll('#', '%23')}@${hostPort}`;
}
