import type { Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { bearerToken } from '../base/bearer.ts';
import type { Clock } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { EventSink } from '../events/index.ts';
import type { Authority, AuthorityVerifier } from './authority.ts';
import { readBody } from './body.ts';

/** Twirp's error codes that we use, with their HTTP status (Twirp wire protocol v7, "Error Codes"). */
const STATUS = {
  invalid_argument: 400,
  malformed: 400,
  unauthenticated: 401,
  permission_denied: 403,
  bad_route: 404,
  not_found: 404,
  deadline_exceeded: 408,
  aborted: 409,
  failed_precondition: 412,
  resource_exhausted: 429,
  internal: 500,
  unknown: 500,
  unimplemented: 501,
  unavailable: 503,
} as const;

/** An error as Twirp has it: code, words, and fields for programs. */
export interface TwirpFault {
  readonly code: keyof typeof STATUS;
  readonly msg: string;
  readonly meta?: Readonly<Record<string, string>>;
}

/** A fault as a failed {@link Result}. */
export function refuse(code: TwirpFault['code'], msg: string): { ok: false; error: TwirpFault } {
  return fail({ code, msg });
}

/** A protobuf message that can be written. */
export interface Reply {
  toBinary(): Uint8Array;
  toJsonString(options: { useProtoFieldName: boolean; emitDefaultValues: boolean }): string;
}

/** A type of protobuf messages that can be read; its methods throw when the text or the bytes are none. */
interface Readable<Q> {
  fromBinary(bytes: Uint8Array): Q;
  fromJsonString(text: string, options: { ignoreUnknownFields: boolean }): Q;
}

type Form = 'json' | 'protobuf';
type Answer = Result<Reply, TwirpFault>;
/** One method of a service, its request not read yet. Some answers take their time; none rejects but for a bug. */
export type Method = (body: Uint8Array, form: Form, authority: Authority) => Answer | Promise<Answer>;

/** Makes a method of the type of its request and what it does. */
export function method<Q>(
  type: Readable<Q>,
  handle: (request: Q, authority: Authority) => Answer | Promise<Answer>,
): Method {
  return (body, form, authority) => {
    const request = read(type, body, form);
    return request.ok ? handle(request.value, authority) : request;
  };
}

function read<Q>(type: Readable<Q>, body: Uint8Array, form: Form): Result<Q, TwirpFault> {
  try {
    if (form === 'protobuf') return ok(type.fromBinary(body));
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return ok(type.fromJsonString(text, { ignoreUnknownFields: true }));
  } catch {
    // protobuf's way of saying that this is no such message
    return refuse('malformed', `the request body is no ${form} of this method`);
  }
}

export interface TwirpOptions {
  readonly verifier: AuthorityVerifier;
  readonly clock: Clock;
  readonly emit: EventSink;
  /** A bug in a method: whoever asked gets `internal`. */
  onFault(error: unknown): void;
}

/** Metadata and attributes may have 64 kB each; data packets come as base 64. */
const MAX_BODY = 512 * 1024;
/** Requests of one API key. */
const RATE = { perSecond: 100, burst: 500 };
/** Keys stand in the configuration; more than this are not counted apart. */
const MAX_KEYS = 1000;

/** What is counted as dropped; the rest are answers that programs expect. */
const ABUSE: ReadonlySet<TwirpFault['code']> = new Set([
  'malformed',
  'unauthenticated',
  'resource_exhausted',
  'internal',
]);

/** A Twirp server at `/twirp/livekit.<Service>/<Method>`: services by name, their methods by name. */
export function twirpRoutes(
  app: Hono,
  services: Readonly<Record<string, Readonly<Record<string, Method>>>>,
  options: TwirpOptions,
): void {
  const rates = new Map<string, TokenBucket>();
  const mayAsk = (key: string): boolean => {
    const now = options.clock.now();
    const rate = rates.get(key) ?? new TokenBucket(RATE, now);
    if (rates.size < MAX_KEYS) rates.set(key, rate);
    return rate.take(now);
  };

  const answer = async (context: Context): Promise<Result<{ reply: Reply; form: Form }, TwirpFault>> => {
    const routed = route(context, services);
    if (!routed.ok) return routed;
    const token = bearerToken(context.req.header('authorization'));
    if (token === undefined) return refuse('unauthenticated', 'invalid authorization header');
    const authority = await options.verifier.authority(token);
    if (!authority.ok) return refuse('unauthenticated', `invalid token: ${authority.error}`);
    if (!mayAsk(authority.value.key))
      return refuse('resource_exhausted', 'too many requests of this API key');
    const body = await readBody(context.req.raw, MAX_BODY);
    if (body === undefined)
      return refuse('malformed', `the request body is over ${MAX_BODY} bytes, or broke off`);
    const { form, run } = routed.value;
    const reply = await run(body, form, authority.value);
    return reply.ok ? ok({ reply: reply.value, form }) : reply;
  };

  app.use('/twirp/*', cors());
  app.all('/twirp/*', async (context) => {
    const answered = await answer(context).catch((error: unknown) => {
      options.onFault(error);
      return refuse('internal', 'a fault of the gateway');
    });
    if (!answered.ok) {
      const { code, meta, msg } = answered.error;
      // A callee who is busy is no abuse of the API, whatever code that has.
      if (ABUSE.has(code) && meta === undefined)
        options.emit({ type: 'dropped', where: 'http', reason: `twirp-${code}`, count: 1 });
      return context.json({ code, msg, ...(meta !== undefined && { meta }) }, STATUS[code]);
    }
    const { form, reply } = answered.value;
    return form === 'protobuf'
      ? context.body(new Uint8Array(reply.toBinary()), 200, { 'Content-Type': 'application/protobuf' })
      : context.body(reply.toJsonString({ useProtoFieldName: true, emitDefaultValues: true }), 200, {
          'Content-Type': 'application/json',
        });
  });
}

function route(
  { req }: Context,
  services: Readonly<Record<string, Readonly<Record<string, Method>>>>,
): Result<{ run: Method; form: Form }, TwirpFault> {
  const bad = (msg: string) =>
    fail({ code: 'bad_route', msg, meta: { twirp_invalid_route: `${req.method} ${req.path}` } } as const);
  if (req.method !== 'POST') return bad('only POST is allowed');
  const [, service = '', name = ''] = /^\/twirp\/livekit\.(\w+)\/(\w+)$/.exec(req.path) ?? [];
  const methods = Object.hasOwn(services, service) ? services[service] : undefined;
  const run = methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (run === undefined) return bad('no handler for this path');
  const type = req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/json') return ok({ run, form: 'json' });
  if (type === 'application/protobuf') return ok({ run, form: 'protobuf' });
  return bad('Content-Type is neither application/json nor application/protobuf');
}
