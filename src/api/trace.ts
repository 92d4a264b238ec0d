import type { Context, Hono } from 'hono';
import { bearerToken } from '../base/bearer.ts';
import type { Result } from '../base/result.ts';
import type { Grants, TokenFault } from '../peer/grants.ts';
import { ladder, summary } from '../trace/ladder.ts';
import { pcapng } from '../trace/pcapng.ts';
import type { TraceRecorder } from '../trace/recorder.ts';

export interface TraceOptions {
  readonly recorder: TraceRecorder;
  verify(token: string): Promise<Result<Grants, TokenFault>>;
}

/**
 * `GET /trace`: the calls that are kept, one line each, the newest first. `GET /trace/CALL`, by `SCL_…` or Call-ID: its ladder;
 * `?full` adds the messages, `?pcapng` gives a file for Wireshark. For tokens with `sip.admin` only: numbers stand in it.
 */
export function traceRoutes(app: Hono, { recorder, verify }: TraceOptions): void {
  app.use('/trace/*', async (context, next) => {
    const token = bearerToken(context.req.header('authorization'));
    const grants = token === undefined ? undefined : await verify(token);
    if (grants === undefined || !grants.ok) return context.text('a token is needed\n', 401);
    if (!grants.value.sipAdmin) return context.text('a token with sip.admin is needed\n', 403);
    context.header('Cache-Control', 'no-store');
    return next();
  });
  app.get('/trace', (context) =>
    context.text(
      recorder
        .all()
        .map((each) => `${summary(each)}\n`)
        .join(''),
    ),
  );
  app.get('/trace/:call', (context) => oneCall(context, recorder, context.req.param('call')));
}

function oneCall(context: Context, recorder: TraceRecorder, id: string): Response {
  const trace = recorder.find(id);
  if (trace === undefined) return context.text('no such call is kept\n', 404);
  if (context.req.query('pcapng') === undefined)
    return context.text(ladder(trace, context.req.query('full') === undefined ? 'lines' : 'full'));
  return context.body(new Uint8Array(pcapng(trace)), 200, { 'Content-Type': 'application/octet-stream' });
}
