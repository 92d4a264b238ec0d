import type { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import type { Caller } from './caller.ts';

/** The numbers of operators: what they are, and whose eyes they are for. */
export interface MetricsOptions {
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** May who asks from this address read them? */
  allows(address: string): boolean;
  /** What he has to show besides (RFC 7617); undefined: nothing. */
  readonly account: { readonly username: string; readonly password: string } | undefined;
}

/** `GET /metrics`. Trunks, rates and failures stand there: 403 for who is not near, or comes by ways that cannot be told. */
export function metricsRoute(app: Hono, { account, allows, text }: MetricsOptions): void {
  app.use('/metrics', async (context, next) => {
    // What came beside the request; absent in whoever calls without it.
    const { source } = (context.env ?? {}) as Partial<Caller>;
    return source !== undefined && allows(source) ? next() : context.text('not for this address\n', 403);
  });
  if (account !== undefined) app.use('/metrics', basicAuth({ ...account, realm: 'metrics' }));
  app.get('/metrics', async (context) =>
    context.body(await text(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
}
