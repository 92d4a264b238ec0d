/**
 * A browser with two networks, both behind NAT, that loses the one it uses in the middle of a call: how long until it hears the
 * phone by the other. What is printed stands in docs/ADDRESSES.md.
 */
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Internet, LAB } from '../lab/internet.ts';
import { Authority } from '../support/certificates.ts';
import type { Child } from '../support/child.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { writeConfiguration } from '../support/gateway.ts';
import { productNode, repositoryRoot } from '../support/root.ts';

const DOMAIN = 'voice.example.com';
const KEY = { name: 'lab', secret: 'a-secret-of-the-lab-and-of-nothing-else' };
/** Chromium by itself needs more than six seconds. */
const WATCHED = 6500;
const made = Internet.make();
if (typeof made === 'string')
  console.warn(`Roaming is not tested, for there are no namespaces here: ${made}`);

/** Notes when packets of the phone came, and when the pair in use was another one: ms of the clock that the test has too. */
const watchScript = `(() => {
  window.__heard = [];
  let packets = -1;
  setInterval(async () => {
    const [audio] = await __ear.inboundAudio();
    if (audio !== undefined && audio.packetsReceived !== packets) __heard.push(Date.now());
    packets = audio?.packetsReceived ?? packets;
  }, 20);
})()`;

// Without the right to make network namespaces there are no two networks to roam between.
describe.skipIf(typeof made === 'string')('a browser that loses the network that it uses', () => {
  const lab = made as Internet;
  let gateway: Child | undefined;
  let phone: Child | undefined;
  let browser: ChromiumUser | undefined;

  beforeAll(async () => {
    const { certificate, key } = new Authority().issue(DOMAIN, `DNS:${DOMAIN}`);
    const file = writeConfiguration(`
node: { addresses: ['${LAB.gateway}'] }
tls:
  domain: ${DOMAIN}
  certificates: [{ certificate_file: ${certificate}, key_file: ${key} }]
keys: { ${KEY.name}: ${KEY.secret} }
trunks: [{ id: carrier, allowed_addresses: ['${LAB.carrier}'], media_addresses: ['${LAB.carrier}'] }]
rules: [{ id: rooms, trunk_ids: [carrier], direct: { room_name: lobby } }]
`);
    const main = [`${repositoryRoot}src/app/main.ts`, '--config', file];
    gateway = lab.host('gateway').start('gateway', productNode, main);
    await gateway.waitForOutput(/is ready/, 60_000);
    const call = [`${repositoryRoot}src/app/tools/phone.ts`, `sip:lobby@${LAB.gateway}`, '--tone', '440'];
    phone = lab.host('carrier').start('phone', productNode, call);
    await phone.waitForOutput(/Answered/, 20_000);
  });

  afterEach(async () => {
    await browser?.stop();
    browser = undefined;
  });

  afterAll(async () => {
    await phone?.stop();
    await gateway?.stop();
    lab.remove();
  });

  // The address stays with `cut`: nothing tells the browser, who must notice by itself.
  test.each(['cut', 'unplug'] as const)('hears the phone within a second by the other (%s)', async (how) => {
    lab.host('roamer').rules('');
    const executable = lab.host('roamer').wrapper('/usr/bin/chromium', [`${LAB.gateway} ${DOMAIN}`]);
    const tone = { hz: 1000, amplitude: 8192 };
    browser = await ChromiumUser.start({ tone, executable, verify: 'skip', turnTransport: 'none' });
    const { page } = browser;
    const token = new AccessToken(KEY.name, KEY.secret, { identity: how });
    token.addGrant({ roomJoin: true, room: 'lobby' });
    await page.goto(`https://${DOMAIN}/?autojoin=1&token=${await token.toJwt()}`, { waitUntil: 'commit' });
    await eventually('the page is there', 15_000, () => page.evaluate<boolean>('window.__ear !== undefined'));
    await browser.waitForTracks(1);
    await page.evaluate(watchScript);
    await new Promise((resolve) => setTimeout(resolve, 2500));

    const lostAt = Date.now();
    lab[how]('eth0');
    await new Promise((resolve) => setTimeout(resolve, WATCHED));
    const heard = (await page.evaluate<number[]>('__heard')).filter((at) => at > lostAt - 1000);
    const gaps = heard.slice(1).map((at, i) => at - heard[i]!);
    const longest = Math.max(...gaps, lostAt + WATCHED - (heard.at(-1) ?? 0));
    console.log(`| ${how} | ${longest} ms |`);
    expect(longest).toBeLessThan(1000);
  });
});
