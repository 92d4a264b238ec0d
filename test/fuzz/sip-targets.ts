import { nodeDigests } from '../../src/adapters/crypto/crypto.ts';
import { concat, fromUtf8, utf8 } from '../../src/base/bytes.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import { readBrowserSdp } from '../../src/sdp/browser.ts';
import { planAnswer, writeAnswer } from '../../src/sdp/phone-answer.ts';
import { readPhoneSdp } from '../../src/sdp/phone-description.ts';
import { parseDirectives } from '../../src/sip/digest/directives.ts';
import { DigestGuard } from '../../src/sip/digest/guard.ts';
import { SipEndpoint } from '../../src/sip/endpoint.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import type { Flow, SipCall } from '../../src/sip/ports.ts';
import { requestInfo } from '../../src/sip/request-info.ts';
import { buildResponse } from '../../src/sip/responses.ts';
import { StreamFramer } from '../../src/sip/stream-framer.ts';
import { parseUri } from '../../src/sip/uri.ts';
import { callFacts } from '../../src/trunk/facts.ts';
import { SeededRandom } from '../support/lossy-net.ts';
import { SDP, SIP } from './corpus.ts';
import { mutate, pick } from './mutate.ts';
import { must, type Target } from './target.ts';

const FLOW: Flow = {
  transport: 'udp',
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address: '192.0.2.10', port: 5060 },
};
const ANSWER = utf8(
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n',
);

function several(random: SeededRandom, corpus: readonly Uint8Array[], most: number): Uint8Array[] {
  return Array.from({ length: 1 + (random.u32() % most) }, () =>
    mutate(random, pick(random, corpus), corpus),
  );
}

/** What is read can be answered, and the answer can be read. */
const parser: Target = {
  name: 'sip-parser',
  make: (random) => several(random, SIP, 1),
  check([bytes]) {
    const parsed = parseMessage(bytes!);
    if (!parsed.ok || parsed.value.kind !== 'request') return;
    const request = parsed.value;
    const uri = parseUri(request.uri);
    if (uri.ok) callFacts(requestInfo(request, uri.value, FLOW));
    const answer = parseMessage(
      buildResponse(request.headers, FLOW, 'fuzz', 200, { toTag: 'near', body: ANSWER }),
    );
    must(answer.ok, `our answer cannot be read: ${answer.ok ? '' : answer.error.reason}`);
    must(answer.value.callId === request.callId, 'our answer is to another call');
  },
};

/** A live endpoint whose application takes each call: nothing throws, and after its time nothing is left. */
const endpoint: Target = {
  name: 'sip-endpoint',
  make: (random) => several(random, SIP, 12),
  check(inputs) {
    let now = 0;
    const timers = new WakeQueue();
    const faults: unknown[] = [];
    const calls: SipCall[] = [];
    let tag = '';
    const sip = new SipEndpoint({
      ...{ clock: { now: () => now }, timers, random: new SeededRandom(inputs.length), userAgent: 'fuzz' },
      send: (bytes) => {
        must(bytes.length > 0, 'an empty message was sent');
        tag = /\r\nTo:[^\r]*;tag=([A-Za-z0-9]+)\r\n/.exec(fromUtf8(bytes))?.[1] ?? tag;
      },
      admission: () => 'admit',
      emit: () => {},
      contact: () => FLOW.local,
      openFlow: ({ transport, remote }) => ({ transport, local: FLOW.local, remote }),
      onFault: (error) => faults.push(error),
    });
    const ended = new Map<object, number>();
    sip.onInvite = (invite) => {
      invite.handler = {
        confirmed() {},
        reoffered: (_request, offer, settle) =>
          offer === undefined ? settle.reject(488) : settle.accept(ANSWER),
        requested: () => 405,
        ended: () => void ended.set(invite, (ended.get(invite) ?? 0) + 1),
      };
      invite.progress(180);
      calls.push(invite.accept(ANSWER));
    };
    const run = (ms: number) => {
      for (const end = now + ms; now < end; ) {
        now = Math.min(end, Math.max(now, timers.next()));
        timers.run(now);
      }
    };
    for (const bytes of inputs) {
      // Requests of a dialog are told to be of the last one, so that some get past its tag.
      const text = fromUtf8(bytes);
      sip.receive(text.includes(';tag=near') ? utf8(text.replace(';tag=near', `;tag=${tag}`)) : bytes, FLOW);
      run(97);
    }
    for (const call of calls) call.bye();
    run(400_000);
    const left = sip.gauges();
    must(faults.length === 0, `a bug: ${String(faults[0] instanceof Error ? faults[0].stack : faults[0])}`);
    must(left.calls === 0 && left.transactions === 0, `left: ${JSON.stringify(left)}`);
    must(timers.size === 0, `${timers.size} alarms are left`);
    for (const count of ended.values()) must(count === 1, `a call ended ${count} times`);
  },
};

/** However a stream is cut, the same messages come of it. */
const stream: Target = {
  name: 'sip-stream',
  make: (random) => [random.bytes(8), ...several(random, SIP, 4)],
  check([cuts, ...messages]) {
    const whole = concat(messages);
    const framed = (sizes: () => number) => {
      const got: string[] = [];
      const framer = new StreamFramer({
        message: (bytes) => got.push(fromUtf8(bytes)),
        ping: () => got.push('ping'),
      });
      let fault: string | undefined;
      for (let at = 0; at < whole.length && fault === undefined; ) {
        const size = sizes();
        fault = framer.push(whole.slice(at, at + size));
        at += size;
      }
      return JSON.stringify([got, fault]);
    };
    const random = new SeededRandom(cuts!.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 1));
    must(framed(() => 1 + (random.u32() % 97)) === framed(() => whole.length), 'the cuts made a difference');
  },
};

const sdp: Target = {
  name: 'sdp',
  make: (random) => several(random, SDP, 1),
  check([bytes]) {
    const text = fromUtf8(bytes!);
    readBrowserSdp(text);
    const offer = readPhoneSdp(text);
    if (!offer.ok) return;
    const plan = planAnswer(offer.value, ['PCMA', 'PCMU']);
    if (!plan.ok) return;
    if (offer.value.lines[plan.value.line]?.audio?.association !== undefined) return;
    const local = { address: '192.0.2.1', port: 4000, sessionId: 1, version: 1 };
    const ours = readPhoneSdp(writeAnswer(offer.value, plan.value, local));
    must(ours.ok, 'our answer cannot be read');
    must(ours.value.lines.length === offer.value.lines.length, 'our answer has other lines');
  },
};

const account = {
  ...{ id: 't', username: 'u', password: 'p', realm: 'trunk' },
  algorithms: ['SHA-256', 'MD5'] as const,
};

const digest: Target = {
  name: 'digest',
  make: (random) => {
    const corpus = SIP.filter((message) => fromUtf8(message).includes('Digest'));
    return several(random, corpus, 3);
  },
  check(inputs) {
    const guard = new DigestGuard(nodeDigests, new SeededRandom(1));
    for (const [at, bytes] of inputs.entries()) {
      const parsed = parseMessage(bytes);
      if (!parsed.ok) continue;
      for (const name of ['authorization', 'www-authenticate', 'proxy-authenticate']) {
        for (const value of parsed.value.headers.lines(name)) parseDirectives(value);
      }
      if (parsed.value.kind !== 'request') continue;
      const uri = parseUri(parsed.value.uri);
      if (!uri.ok) continue;
      const verdict = guard.check(requestInfo(parsed.value, uri.value, FLOW), account, at * 1000);
      must(!verdict.ok, 'a stranger was let in');
    }
  },
};

export const sipTargets: readonly Target[] = [parser, endpoint, stream, sdp, digest];
