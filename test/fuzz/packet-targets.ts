import { concat } from '../../src/base/bytes.ts';
import { DtmfReceiver } from '../../src/rtp/dtmf.ts';
import { JitterBuffer } from '../../src/rtp/jitter-buffer.ts';
import { findExtension, parseRtp, RtpView } from '../../src/rtp/packet.ts';
import { DEFAULT_JITTER } from '../../src/rtp/playout-delay.ts';
import { parseRtcp } from '../../src/rtp/rtcp/parse.ts';
import { StunMessage } from '../../src/stun/message.ts';
import { StreamFramer } from '../../src/turn/stream-framer.ts';
import { SeededRandom } from '../support/lossy-net.ts';
import { FakeClient, TurnHarness } from '../unit/turn/turn-harness.ts';
import { RTCP, RTP, STUN } from './corpus.ts';
import { mutate, pick } from './mutate.ts';
import { sctp } from './sctp-target.ts';
import { must, type Target } from './target.ts';
import { mustLeaveNothing, turnUsers } from './turn-target.ts';

function several(random: SeededRandom, corpus: readonly Uint8Array[], most: number): Uint8Array[] {
  return Array.from({ length: 1 + (random.u32() % most) }, () =>
    mutate(random, pick(random, corpus), corpus),
  );
}

/** Packets into what plays voice and hears keys. */
const rtp: Target = {
  name: 'rtp',
  make: (random) => several(random, RTP, 40),
  check(inputs) {
    const view = new RtpView();
    const jitter = new JitterBuffer({ ...DEFAULT_JITTER, clockRate: 8000 });
    const keys = new DtmfReceiver(8000);
    for (const [at, bytes] of inputs.entries()) {
      if (parseRtp(bytes, bytes.length, view) !== undefined) continue;
      must(
        view.payloadStart <= view.payloadEnd && view.payloadEnd <= bytes.length,
        'a payload outside of its packet',
      );
      for (const id of [1, 2, 14, 255]) findExtension(view, id);
      jitter.push(view, at * 20);
      const key = keys.push(view, at * 20) ?? keys.poll(at * 20);
      must(
        key === undefined || (key.durationMs >= 0 && key.durationMs <= 8192 * inputs.length),
        'a key of no length',
      );
    }
  },
};

const rtcp: Target = {
  name: 'rtcp',
  make: (random) => several(random, RTCP, 1),
  check([bytes]) {
    const parsed = parseRtcp(bytes!, bytes!.length);
    must(!parsed.ok || parsed.value.length <= bytes!.length / 4, 'more packets than there is room for');
  },
};

const stun: Target = {
  name: 'stun',
  make: (random) => several(random, STUN, 1),
  check([bytes]) {
    const parsed = StunMessage.parse(bytes!);
    if (!parsed.ok) return;
    const { value } = parsed;
    for (let type = 0; type < 0x40; type++) {
      const attribute = value.attribute(type);
      must(
        attribute === undefined || attribute.length <= bytes!.length,
        'an attribute outside of its message',
      );
      value.u32(type);
    }
  },
};

/** A server with one client that is who it says and allocates, and others that are not. */
const turn: Target = {
  name: 'turn',
  make: (random) => several(random, STUN, 20),
  check(inputs) {
    const harness = new TurnHarness();
    for (const [at, bytes] of inputs.entries()) {
      const client = new FakeClient({ address: `198.51.100.${at % 5}`, port: 1000 + at });
      harness.server.receive(bytes, client);
      harness.pass(500);
    }
    harness.pass(700_000);
    mustLeaveNothing(harness);
  },
};

/** However a stream is cut, the same frames come of it. */
const turnStream: Target = {
  name: 'turn-stream',
  make: (random) => [random.bytes(8), ...several(random, STUN, 6)],
  check([cuts, ...messages]) {
    const whole = concat(messages);
    const framed = (sizes: () => number) => {
      const got: string[] = [];
      const framer = new StreamFramer((frame) => got.push(Buffer.from(frame).toString('hex')));
      let well = true;
      for (let at = 0; at < whole.length && well; ) {
        const size = sizes();
        well = framer.push(whole.slice(at, at + size));
        at += size;
      }
      return JSON.stringify([got, well]);
    };
    const random = new SeededRandom(cuts!.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 1));
    must(framed(() => 1 + (random.u32() % 23)) === framed(() => whole.length), 'the cuts made a difference');
  },
};

export const packetTargets: readonly Target[] = [rtp, rtcp, stun, sctp, turn, turnUsers, turnStream];
