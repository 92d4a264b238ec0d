import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { bearerToken } from '../base/bearer.ts';
import type { Result } from '../base/result.ts';
import type { Admission, AdmissionRefusal, SignalUrl } from '../peer/admission.ts';
import type { HttpSessions } from '../peer/http-sessions.ts';
import type { ServerRpc } from '../peer/server-rpc.ts';
import type { RoomAdministration } from '../room/administration.ts';
import { egressService, ingressService } from './absent-services.ts';
import { dispatchService } from './agents/dispatch-service.ts';
import type { AgentDispatches } from './agents/dispatches.ts';
import type { PageAssets } from './assets.ts';
import { type DevTokens, devToken } from './dev-token.ts';
import { type MetricsOptions, metricsRoute } from './metrics.ts';
import { roomService } from './room-service.ts';
import { type SipServiceOptions, sipService } from './sip-service.ts';
import { type TraceOptions, traceRoutes } from './trace.ts';
import { type TwirpOptions, twirpRoutes } from './twirp.ts';
import { whipRoutes } from './whip.ts';

/** Largest body that asks for a token of development, bytes. */
const MAX_WISH = 4096;

export interface ApiOptions {
  readonly page: PageAssets;
  readonly metrics: MetricsOptions;
  /** Empty when ready; else what is missing. */
  notReady(): string;
  /** Empty while new calls are taken; else why not, though those that are up go on. */
  draining?(): string;
  admit(url: SignalUrl): Promise<Result<Admission, AdmissionRefusal>>;
  /** Only with `--dev`: whoever asks gets a token. */
  readonly devTokens: DevTokens | undefined;
  /** What SIP said, for holders of a key. */
  readonly trace?: TraceOptions;
  /** Media by HTTP alone. */
  readonly whip?: HttpSessions;
  /** LiveKit's server API. */
  readonly server?: TwirpOptions & {
    readonly rooms: RoomAdministration;
    readonly rpc: ServerRpc;
    readonly sip?: SipServiceOptions;
    readonly dispatches?: AgentDispatches;
  };
}

function readiness(context: Context, missing: string): Response {
  return missing === '' ? context.text('ready\n') : context.text(`not ready: ${missing}\n`, 503);
}

/** All of HTTP but WebSockets, as pure Request → Response; who sent the request comes beside it. */
export function createApi(options: ApiOptions): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        // Older Safaris do not count a WebSocket to this host as 'self'.
        connectSrc: ["'self'", 'ws:', 'wss:'],
        imgSrc: ["'self'", 'data:'],
        mediaSrc: ["'self'", 'blob:', 'mediastream:'],
        workerSrc: ["'self'", 'blob:'],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
      // Needs HTTPS, which a proxy in front has to decide.
      strictTransportSecurity: false,
      crossOriginResourcePolicy: 'same-origin',
    }),
  );

  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => readiness(context, options.notReady() || (options.draining?.() ?? '')));
  // For Kubernetes, which lets no packet through to a pod that is not ready, not even those of calls that are up.
  app.get('/servingz', (context) => readiness(context, options.notReady()));
  metricsRoute(app, options.metrics);

  // LiveKit's client warms its connection up by a HEAD here (`prepareConnection`), from whatever page it is in.
  app.use('/', cors());
  // Clients of other origins ask here why their WebSocket was refused.
  app.use('/rtc/*', cors());
  for (const path of ['/rtc', '/rtc/v1'] as const) {
    app.get(`${path}/validate`, async (context) => {
      const admitted = await options.admit({
        path,
        query: (name) => context.req.query(name),
        bearer: bearerToken(context.req.header('authorization')),
      });
      return admitted.ok ? context.text('success') : context.text(admitted.error.text, admitted.error.status);
    });
    app.get(path, (context) => context.text('this is a WebSocket\n', 426, { Upgrade: 'websocket' }));
  }

  // Clients of LiveKit's cloud ask for regions nearer to them: there is one, and it is this.
  app.get('/settings/regions', cors(), (context) => context.json({ regions: [] }));

  const { devTokens } = options;
  if (devTokens !== undefined)
    app.post('/dev/token', bodyLimit({ maxSize: MAX_WISH }), (context) => devToken(context, devTokens));

  if (options.whip !== undefined) whipRoutes(app, { sessions: options.whip, admit: options.admit });
  if (options.trace !== undefined) traceRoutes(app, options.trace);

  const { server } = options;
  if (server !== undefined) {
    const { dispatches, rooms, rpc, sip } = server;
    const services = {
      RoomService: roomService(rooms, rpc),
      Egress: egressService(),
      Ingress: ingressService(),
      ...(sip !== undefined && { SIP: sipService(sip, server.emit) }),
      ...(dispatches !== undefined && { AgentDispatchService: dispatchService(rooms, dispatches) }),
    };
    twirpRoutes(app, services, server);
  }

  app.get('*', async (context) => {
    const asset = await options.page.get(context.req.path);
    if (asset === undefined) return context.text('not found\n', 404);
    return context.body(new Uint8Array(asset.body), 200, {
      'Content-Type': asset.type,
      'Cache-Control': 'no-cache',
    });
  });
  app.notFound((context) => context.text('not found\n', 404));
  return app;
}
