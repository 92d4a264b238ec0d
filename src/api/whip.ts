import type { Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { bearerToken } from '../base/bearer.ts';
import type { Result } from '../base/result.ts';
import type { Admission, AdmissionRefusal, SignalUrl } from '../peer/admission.ts';
import type { IceServer } from '../peer/context.ts';
import type { Grants } from '../peer/grants.ts';
import type { HttpSession, HttpWay } from '../peer/http-session.ts';
import type { HttpRefusal, HttpSessions } from '../peer/http-sessions.ts';
import { readBody } from './body.ts';
import type { Caller } from './caller.ts';

export interface WhipOptions {
  readonly sessions: HttpSessions;
  admit(url: SignalUrl): Promise<Result<Admission, AdmissionRefusal>>;
}

/** The paths: LiveKit's own for WHIP, and its like. */
const PATHS: Readonly<Record<string, HttpWay>> = { '/whip/v1': 'publish', '/whep/v1': 'play' };
const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
/** Largest offer, bytes. */
const MAX_SDP = 256 * 1024;
/** What a header's value may be made of, as far as all read it alike. */
const IN_HEADER = /^[\x20-\x7e]*$/;
const EXPOSED = ['Location', 'ETag', 'Link', 'Accept-Patch', 'Accept-Post'];
type RefusalStatus = 400 | 403 | 409 | 503;

const REFUSALS: Readonly<Record<HttpRefusal, readonly [RefusalStatus, string]>> = {
  'bad-offer': [400, 'the offer cannot be read, or is not bundled'],
  'nothing-allowed': [403, 'nothing in the offer is allowed, or has a codec that is known'],
  'too-many': [503, 'too many sessions'],
  'no-such-room': [403, 'there is no such room'],
  'out-of-reach': [503, 'the room is out of reach'],
  'room-full': [503, 'the room is full'],
  'bad-identity': [400, 'the identity has characters that are not allowed'],
  'bad-room-name': [400, 'the room name has characters that are not allowed'],
  draining: [503, 'the gateway makes no new rooms, for it is about to stop'],
  stopping: [503, 'the gateway is stopping'],
  'no-worker': [503, 'no media worker'],
};

/**
 * WHIP (RFC 9725) at `/whip/v1` and WHEP at `/whep/v1`: media by one POST, for programs that have WebRTC and no SDK.
 * The bearer token is one of LiveKit's, with the same grants.
 */
export function whipRoutes(app: Hono, { admit, sessions }: WhipOptions): void {
  const grantsOf = async (context: Context): Promise<Result<Grants, Response>> => {
    const bearer = bearerToken(context.req.header('authorization'));
    const admitted = await admit({ path: '/rtc', query: () => undefined, bearer });
    if (admitted.ok) return { ok: true, value: admitted.value.grants };
    const { status, text } = admitted.error;
    // RFC 6750 section 3.
    return { ok: false, error: context.text(`${text}\n`, status, { 'WWW-Authenticate': 'Bearer' }) };
  };

  /** The session that a URL names, for whoever holds a token of the same person. */
  const sessionOf = async (context: Context, way: HttpWay): Promise<Result<HttpSession, Response>> => {
    const grants = await grantsOf(context);
    if (!grants.ok) return grants;
    const session = sessions.find(context.req.param('session') ?? '');
    const { identity, room } = grants.value;
    return session?.way === way && session.participant.identity === identity && session.room === room
      ? { ok: true, value: session }
      : { ok: false, error: context.text('no such session\n', 404) };
  };

  for (const [path, way] of Object.entries(PATHS)) {
    const allowMethods = ['POST', 'PATCH', 'DELETE', 'OPTIONS'];
    for (const each of [path, `${path}/*`]) app.use(each, cors({ allowMethods, exposeHeaders: EXPOSED }));

    app.post(path, async (context) => {
      if (!isType(context, SDP)) return context.text(`send ${SDP}\n`, 415, { 'Accept-Post': SDP });
      const grants = await grantsOf(context);
      if (!grants.ok) return grants.error;
      const body = await readBody(context.req.raw, MAX_SDP);
      if (body === undefined) return context.text('the offer is too large\n', 413);
      const opened = sessions.open(grants.value, way, new TextDecoder().decode(body), sourceOf(context));
      if (!opened.ok) {
        const [status, text] = REFUSALS[opened.error];
        return context.text(`${text}\n`, status, status === 503 ? { 'Retry-After': '5' } : {});
      }
      const { answer, iceServers, session } = opened.value;
      const links = iceServers.flatMap(iceLinks);
      return context.body(answer, 201, {
        'Content-Type': SDP,
        // Without a space behind the comma, with which OBS reads the first alone.
        ...(links.length > 0 && { Link: links.join(',') }),
        Location: `${path}/${session.id}`,
        ETag: session.etag,
        'Accept-Patch': FRAGMENT,
      });
    });

    app.patch(`${path}/:session`, async (context) => {
      const found = await sessionOf(context, way);
      if (!found.ok) return found.error;
      if (!isType(context, FRAGMENT)) return context.text(`send ${FRAGMENT}\n`, 415);
      const body = await readBody(context.req.raw, MAX_SDP);
      if (body === undefined) return context.text('the fragment is too large\n', 413);
      return patched(context, found.value, new TextDecoder().decode(body));
    });

    app.delete(`${path}/:session`, async (context) => {
      const found = await sessionOf(context, way);
      if (!found.ok) return found.error;
      found.value.end('client_initiated');
      return context.body(null, 200);
    });

    // RFC 9725 section 4.1: nothing else is of use here.
    for (const each of [path, `${path}/:session`])
      app.all(each, (context) => context.text('not allowed\n', 405, { Allow: allowMethods.join(', ') }));
  }
}

/** Trickled candidates, or ICE begun anew (RFC 9725 section 4.3). */
function patched(context: Context, session: HttpSession, fragment: string): Response {
  const wanted = context.req.header('if-match');
  if (wanted === undefined) return context.text('If-Match is needed\n', 428);
  if (wanted === '*') {
    const answer = session.restart(fragment);
    if (answer === undefined) return context.text('the fragment begins no ICE anew\n', 400);
    return context.body(answer, 200, { 'Content-Type': FRAGMENT, ETag: session.etag });
  }
  if (wanted !== session.etag) return context.text('that ICE session is over\n', 412);
  // An ICE-lite agent learns the far end's addresses from its checks (RFC 8445 section 7.3.1.3).
  return context.body(null, 204);
}

function sourceOf({ env }: Context): string | undefined {
  return ((env ?? {}) as Partial<Caller>).source;
}

function isType(context: Context, type: string): boolean {
  return context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() === type;
}

/** RFC 9725 section 4.6. None for an account of the configuration whose name or password no header can carry. */
function iceLinks({ credential, urls, username }: IceServer): string[] {
  if (!IN_HEADER.test(username + credential)) return [];
  const account =
    username === ''
      ? ''
      : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
  return urls.map((url) => `<${url}>; rel="ice-server"${account}`);
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
