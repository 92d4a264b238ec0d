/**
 * The connection test of the page and of the command line, in networks that let less and less through: what both find must
 * be what the firewall does. What is printed is the table of docs/NETCHECK.md.
 */
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { natRules, type Policy } from '../lab/firewall.ts';
import { Internet, LAB } from '../lab/internet.ts';
import { Authority } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { writeConfiguration } from '../support/gateway.ts';
import { productNode, repositoryRoot } from '../support/root.ts';

const DOMAIN = 'voice.example.com';
const KEY = { name: 'lab', secret: 'a-secret-of-the-lab-and-of-nothing-else' };
const WAYS = ['udp', 'tcp', 'relay-udp', 'relay-tcp', 'relay-tls 5349', 'relay-tls 443'] as const;

/** What gets through, and what is said of it. */
const NETWORKS: readonly {
  readonly policy: Policy;
  readonly open: readonly (typeof WAYS)[number][];
  readonly verdict: string;
  readonly advice: RegExp;
}[] = [
  { policy: 'symmetric', open: WAYS, verdict: 'best', advice: /^(?!.*allow outgoing)/s },
  {
    policy: 'no-udp',
    open: ['tcp', 'relay-tcp', 'relay-tls 5349', 'relay-tls 443'],
    verdict: 'fair',
    advice: new RegExp(`To make it better, .* UDP to ${LAB.gateway}.* port 7882.* port 3478`),
  },
  {
    policy: 'only-443',
    open: ['relay-tls 443'],
    verdict: 'fair',
    advice: new RegExp(`To make it better, .* UDP to ${LAB.gateway}.* port 7882.* port 3478`),
  },
];

const made = Internet.make();
if (typeof made === 'string')
  console.warn(`The connection test is not seen in networks, for there are no namespaces here: ${made}`);

interface Report {
  readonly verdict: string;
  readonly advice: readonly string[];
  readonly ways: readonly {
    readonly kind: string;
    readonly targets: readonly { readonly port: number }[];
    readonly works: boolean;
    readonly rttMs?: number;
    readonly loss?: number;
  }[];
}

// Namespaces need root and a kernel that has them: without, nothing can be seen, and the warning above says why.
describe.skipIf(typeof made === 'string')('the connection test', () => {
  const lab = made as Internet;
  const authority = new Authority();
  const hosts = [`${LAB.gateway} ${DOMAIN}`];
  let token: string;
  let gateway: Child | undefined;
  let browser: ChromiumUser | undefined;

  beforeAll(async () => {
    const { certificate, key } = authority.issue(DOMAIN, `DNS:${DOMAIN}`);
    const file = writeConfiguration(`
node: { addresses: ['${LAB.gateway}', '${LAB.gatewayV6}'] }
media: { workers: 1 }
tls:
  domain: ${DOMAIN}
  certificates: [{ certificate_file: ${certificate}, key_file: ${key} }]
keys: { ${KEY.name}: ${KEY.secret} }
`);
    gateway = lab
      .host('gateway')
      .start('gateway', productNode, [`${repositoryRoot}src/app/main.ts`, '--config', file]);
    await gateway.waitForOutput(/is ready/, 60_000);
    const grant = new AccessToken(KEY.name, KEY.secret, { identity: 'office' });
    grant.addGrant({ roomJoin: true, room: 'lobby' });
    token = await grant.toJwt();
    const executable = lab.host('office').wrapper('/usr/bin/chromium', hosts);
    const tone = { hz: 1000, amplitude: 8192 };
    browser = await ChromiumUser.start({ tone, verify: 'skip', executable });
  });

  afterAll(async () => {
    await browser?.stop();
    await gateway?.stop();
    lab.remove();
  });

  /** What the page shows at the end of a test. */
  async function byPage(its = token) {
    const page = browser!.page;
    await page.goto(`https://${DOMAIN}/?netcheck=1&token=${its}`, { waitUntil: 'commit' });
    const verdict = page.locator('#netcheck-verdict:not([data-verdict=none-yet])');
    await verdict.waitFor({ timeout: 30_000 });
    const items = await page.locator('#netcheck-ways li').all();
    const rows = items.map(async (item) => {
      const spans = await item.locator('span span').allTextContents();
      return `${await item.getAttribute('data-state')}: ${spans.join(' · ')}`;
    });
    return {
      rows: await Promise.all(rows),
      said: await verdict.textContent(),
      judged: await verdict.getAttribute('data-verdict'),
      advised: await page.locator('#netcheck-advice').textContent(),
    };
  }

  async function byCommand(): Promise<Report> {
    const node = lab.host('office').wrapper(productNode, hosts);
    const args = [`${repositoryRoot}src/app/cli.ts`, 'netcheck', `https://${DOMAIN}`, '--json'];
    const command = new Child('netcheck', node, args, {
      LIVEKIT_TOKEN: token,
      NODE_EXTRA_CA_CERTS: authority.certificate,
    });
    expect(await command.exited).toMatchObject({ code: 0 });
    return JSON.parse(command.output) as Report;
  }

  describe.each(NETWORKS)('in a network of $policy', ({ policy, open, verdict, advice }) => {
    beforeEach(() => lab.office(policy));

    test('of the page', async () => {
      const { rows, advised, said, judged } = await byPage();
      console.log(`${policy}, page:\n${rows.join('\n')}\n${said}`);
      // The first row is the WebSocket, without which there is no test.
      expect(rows.map((row) => row.startsWith('works'))).toEqual([
        true,
        ...WAYS.map((way) => open.includes(way)),
      ]);
      expect(judged).toBe(verdict);
      expect(advised).toMatch(advice);
    });

    test('of the command line', async () => {
      const { advice: advised, verdict: judged, ways } = await byCommand();
      const kinds = ways.map(({ kind, targets }) =>
        kind === 'relay-tls' ? `${kind} ${targets[0]?.port}` : kind,
      );
      expect(kinds).toEqual(WAYS);
      const numbers = ways.map(({ works, rttMs, loss }) => (works ? `${rttMs} ms, ${loss}` : 'blocked'));
      console.log(`${policy}, command: ${numbers.join(' | ')}`);
      expect(kinds.filter((_, index) => ways[index]?.works)).toEqual(open);
      expect(judged).toBe(verdict);
      expect(advised.join('\n')).toMatch(advice);
    });
  });

  test('of somebody whose token is none says why there is no test', async () => {
    lab.office('open');
    const { judged, rows, said } = await byPage('none');
    expect(said).toBe('The gateway does not let you in: invalid token: it cannot be read.');
    expect(rows.map((row) => row.split(':')[0])).toEqual(['fails']);
    expect(judged).toBe('none');
  });

  test('on a line that loses a tenth each way: the loss is counted by UDP, and hidden by TCP', async () => {
    // What is lost of both ways together: 19 %.
    lab.host('natoff').rules(`${natRules('open')}
      table ip lossy {
        chain forward {
          type filter hook forward priority 1;
          meta l4proto udp numgen random mod 10 0 drop
        }
      }`);
    const { advice, ways } = await byCommand();
    const [udp, tcp] = ways;
    console.log(`lossy, command: ${ways.map(({ loss }) => loss).join(' | ')}`);
    expect(udp?.loss).toBeGreaterThan(0.02);
    expect(udp?.loss).toBeLessThan(0.5);
    // A machine that stands still for a second loses a few by TCP, too.
    expect(tcp?.loss).toBeLessThan(0.1);
    expect(advice.join()).toMatch(/% of what is sent is lost/);
    const { rows } = await byPage();
    console.log(`lossy, page:\n${rows.join('\n')}`);
    const [, lost] = /([\d.]+) % lost/.exec(rows[1] ?? '') ?? [];
    expect(Number(lost)).toBeGreaterThan(2);
    expect(Number(lost)).toBeLessThan(50);
  });
});
