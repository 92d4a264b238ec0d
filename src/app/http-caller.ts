import type { IncomingMessage } from 'node:http';
import { plain, sourceOf, type TrustsProxy } from '../adapters/websocket/upgrade.ts';
import type { Caller } from '../api/caller.ts';

/** Who sent a request. What a proxy says of it is believed of our own proxies alone, and another's word makes the source unknown. */
export function callerOf(request: IncomingMessage, trusts: TrustsProxy): Caller {
  const { forwarded, 'x-forwarded-for': forwardedFor } = request.headers;
  const proxied = forwarded !== undefined || forwardedFor !== undefined;
  if (proxied && !trusts(plain(request.socket.remoteAddress ?? ''))) return { source: undefined };
  return { source: sourceOf(request, trusts) };
}
