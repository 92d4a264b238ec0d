/** `trunkroom netcheck` against the product: each way that it has, without some of them, and where no test can be. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';
import { productNode } from '../support/root.ts';
import { startTlsGateway, type TlsGateway } from '../support/tls-gateway.ts';

let tls: TlsGateway;
let gateway: Gateway;

beforeAll(async () => {
  tls = await startTlsGateway();
  gateway = tls.gateway;
});

afterAll(async () => {
  await gateway?.stop();
});

interface Report {
  readonly verdict: string;
  readonly error?: string;
  readonly ways: readonly {
    readonly kind: string;
    readonly targets: readonly { readonly host: string; readonly port: number }[];
    readonly works: boolean;
    readonly loss?: number;
    readonly rttMs?: number;
    readonly detail?: string;
  }[];
  readonly advice: readonly string[];
}

async function netcheck(args: readonly string[], env = {}): Promise<{ code: number | null; output: string }> {
  const child = new Child('netcheck', productNode, ['src/app/cli.ts', 'netcheck', ...args], env);
  const { code } = await child.exited;
  return { code, output: child.output };
}

async function report(args: readonly string[], env = {}): Promise<Report & { readonly code: number | null }> {
  const { code, output } = await netcheck([...args, '--json'], env);
  return { code, ...(JSON.parse(output) as Report) };
}

describe('against a gateway that has every way', () => {
  test('all are seen to work, with their round trip and without loss', async () => {
    const said = await report([`https://localhost:${tls.httpsPort}`], {
      NODE_EXTRA_CA_CERTS: tls.authority.certificate,
    });
    expect(said.ways.map(({ kind, works, targets }) => [kind, targets[0]?.port, works])).toEqual([
      ['udp', gateway.ports.iceUdp, true],
      ['tcp', gateway.ports.iceTcp, true],
      ['relay-udp', gateway.ports.turn, true],
      ['relay-tcp', gateway.ports.turn, true],
      ['relay-tls', tls.turnPort, true],
      ['relay-tls', tls.httpsPort, true],
    ]);
    // On loopback nothing gets lost but where the machine has no time for its sockets.
    for (const { loss, rttMs } of said.ways) {
      expect(loss).toBeLessThan(0.5);
      expect(rttMs).toBeGreaterThan(0);
    }
    expect(said).toMatchObject({ code: 0, verdict: 'best' });
    const metrics = await gateway.metrics();
    expect(metrics.value('trunkroom_netchecks_total')).toBe(1);
  });

  test('a certificate that is not trusted is told apart from a firewall, in the table', async () => {
    const { code, output } = await netcheck([gateway.url]);
    expect(code).toBe(0);
    expect(output).toMatch(/^ok {2}Direct · UDP .* port \d+ +[\d.]+ ms +[\d.]+ %$/m);
    expect(output).toMatch(/Relay · TLS: the certificate is not one that this machine trusts/);
    expect(output).toMatch(/All is well/);
  });

  test('who may not join may not test: with what the gateway says', async () => {
    const { code, output } = await netcheck([gateway.url, '--token', 'not-a-token']);
    expect(code).toBe(1);
    expect(output).toMatch(/does not let us in: invalid token: it cannot be read/);
  });
});

test('what the gateway does not offer is not tried, and said', async () => {
  const narrow = await Gateway.start({ TRUNKROOM_TURN_ENABLED: 'false', TRUNKROOM_ICE_TCP: 'false' });
  try {
    const said = await report([narrow.url]);
    expect(said.ways.map(({ kind, works }) => [kind, works])).toEqual([['udp', true]]);
    expect(said).toMatchObject({ code: 0, verdict: 'best' });
    expect(said.advice.join()).not.toContain('allow');
  } finally {
    await narrow.stop();
  }
});

test('a gateway that is not there is a sentence, and an exit code', async () => {
  const port = await freePortBlock(1);
  const { code, output } = await netcheck([`http://127.0.0.1:${port}`]);
  expect(code).toBe(1);
  expect(output).toBe(
    `no gateway answers at http://127.0.0.1:${port}: refused: nothing listens there, or a firewall turns it away\n`,
  );
  expect((await netcheck([])).code).toBe(2);
  expect((await netcheck(['ftp://127.0.0.1'])).code).toBe(2);
});
