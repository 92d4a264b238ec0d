/** The torture messages of RFC 4475 and RFC 5118 sent to the running gateway, one by one: each gets what its section says. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Gateway } from '../support/gateway.ts';
import { RawUdp, tcpExchange } from '../support/raw-sip.ts';
import { repositoryRoot } from '../support/root.ts';
import { RFC4475, RFC5118 } from '../support/torture.ts';

/** What the screening answers: a message that is accepted gets none of these. 481 is well: some are of a dialog. */
const REFUSED = new Set(['400', '405', '406', '415', '416', '420', '482', '483', '500', '501', '505']);
/** What cannot be answered: From, To and Call-ID are missing. */
const UNANSWERABLE = ['rfc4475/insuf'];
/** Without a length that can be believed a stream has no messages (RFC 3261 section 18.3): more is waited for, or it is closed. */
const UNFRAMED = ['rfc4475/clerr', 'rfc4475/ncl', 'rfc4475/mcl01'];
/** How long an answer may take that must come; how long one that may come is waited for; and how long nothing must come where nothing shall. */
const WITHIN_MS = { answer: 15_000, any: 1000, none: 150 };

const MESSAGES = [
  ...Object.entries(RFC4475).map(([name, verdict]) => [`rfc4475/${name}`, verdict] as const),
  ...Object.entries(RFC5118).map(([name, verdict]) => [`rfc5118/${name}`, verdict] as const),
];

/** Some share their branch or Call-ID, and would be taken for repetitions of each other. */
function load(name: string): Buffer {
  const text = readFileSync(`${repositoryRoot}test/data/${name}.dat`, 'latin1');
  const mark = name.replaceAll(/\W/g, '');
  const own = text
    .replace(/z9hG4bK(?=[^\s;,])/, `z9hG4bK${mark}`)
    .replace(/^(Call-ID: +)(?=\S)/m, `$1${mark}`);
  // The set keeps the empty line of this one in a file of its own.
  const rest = name === 'rfc4475/baddn' ? load('rfc4475/baddn_sep') : Buffer.alloc(0);
  return Buffer.concat([Buffer.from(own, 'latin1'), rest]);
}

/** The statuses of all that came back, in their order. */
function statuses(text: string): string[] {
  return [...text.matchAll(/^SIP\/2\.0 (\d{3})/gm)].map(([, status]) => status!);
}

/** There is more to come after a provisional one. */
const isFinal = (text: string) => statuses(text).some((status) => status >= '200');

async function overUdp(port: number, name: string, forMs: number): Promise<string[]> {
  const raw = await RawUdp.open(port);
  try {
    raw.send(load(name));
    const end = performance.now() + forMs;
    while (performance.now() < end && !isFinal(raw.received.join('\n'))) await sleep(5);
    return statuses(raw.received.join('\n'));
  } finally {
    raw.close();
  }
}

async function overTcp(port: number, name: string, forMs: number): Promise<string[]> {
  return statuses(await tcpExchange(port, load(name), forMs, isFinal));
}

describe.each(['UDP', 'TCP'] as const)('over %s', (transport) => {
  let gateway: Gateway;

  beforeAll(async () => {
    // One for each: what came over UDP would be taken for a repetition.
    gateway = await Gateway.start();
  });

  afterAll(async () => {
    await gateway?.stop();
  });

  test.each(MESSAGES)('%s: %s', async (name, said) => {
    const mute = transport === 'UDP' ? UNANSWERABLE : [...UNANSWERABLE, ...UNFRAMED];
    const verdict = mute.includes(name) ? 'drop' : said;
    const { answer, any, none } = WITHIN_MS;
    const forMs = verdict === 'drop' ? none : verdict === 'accept' ? any : answer;
    const { sip } = gateway.ports;
    const got = transport === 'UDP' ? await overUdp(sip, name, forMs) : await overTcp(sip, name, forMs);
    if (verdict === 'drop') expect(got).toEqual([]);
    else if (verdict === 'accept') expect(got.filter((status) => REFUSED.has(status))).toEqual([]);
    else expect(got[0]).toBe(verdict);
  });
});
