/**
 * Speech between a phone (SIP and RTP by hand, PCMA) and a real Chromium with LiveKit's client, both ways at once, through
 * a gateway of its own process, on the wall's clock. The phone plays a packet when 95 of 100 are there in time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { exactLevel } from '../../../src/audio/level.ts';
import { ChromiumUser } from '../chromium.ts';
import { Gateway } from '../gateway.ts';
import { joinWithSdk } from '../livekit-page.ts';
import { RawPhone } from '../raw-phone.ts';
import { repositoryRoot } from '../root.ts';
import { atRate } from './fourier.ts';
import { type Score, score } from './score.ts';
import { speech } from './voice-path.ts';

const RATE = 8000;
const PAGE_RATE = 48_000;
/** What is said, over and over. */
const ROUND_SECONDS = 20;
/** Level of the words, dBov: where the mix leaves speech as it is. */
const SPOKEN_DB = -20;

/** Each window of one measurement, judged by itself. */
export interface MouthToEar {
  readonly phoneToBrowser: readonly Score[];
  readonly browserToPhone: readonly Score[];
}

interface Page {
  __mouth: {
    begin(base64: string): Promise<void>;
    take(): { saidSince: number; heardSince: number; heard: string };
  };
}

interface Frame {
  readonly at: number;
  readonly timestamp: number;
  readonly samples: Int16Array;
}

/** Samples at {@link RATE} from a time of the wall on, ms. */
interface Timed {
  readonly since: number;
  readonly samples: Int16Array;
}

/** Talks for `windows` stretches of `seconds` after `settleSeconds` in which buffers learn, and judges each. */
export async function measureMouthToEar({
  windows,
  seconds,
  settleSeconds = 6,
}: {
  readonly windows: number;
  readonly seconds: number;
  readonly settleSeconds?: number;
}): Promise<MouthToEar> {
  const said = atNominalLevel(speech(RATE, ROUND_SECONDS));
  const gateway = await Gateway.start();
  const browser = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 0 } });
  let phone: RawPhone | undefined;
  try {
    await joinWithSdk(browser, gateway, { room: 'ears', name: 'Anna' });
    await browser.page.addScriptTag({ path: `${repositoryRoot}test/support/ears/mouth-page.js` });
    const inPage = Buffer.from(Int16Array.from(atRate(said, RATE, PAGE_RATE), bounded).buffer).toString(
      'base64',
    );
    await browser.page.evaluate((text) => (globalThis as unknown as Page).__mouth.begin(text), inPage);
    let spoken = 0;
    phone = await RawPhone.call(gateway.ports.sip, 'ears', {
      fill: (into) => {
        for (let i = 0; i < into.length; i++) into[i] = said[spoken++ % said.length]!;
      },
    });
    const frames: Frame[] = [];
    phone.onFrame = (at, timestamp, samples) =>
      frames.push({ at: performance.timeOrigin + at, timestamp, samples });
    await browser.waitForTracks(1);
    const from = wall() + settleSeconds * 1000;
    await sleep((settleSeconds + windows * seconds + 1.5) * 1000);
    const page = await browser.page.evaluate(() => (globalThis as unknown as Page).__mouth.take());
    const bytes = Buffer.from(page.heard, 'base64');
    const raw = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const inBrowser: Timed = {
      since: page.heardSince,
      samples: Int16Array.from(atRate(raw, PAGE_RATE, RATE), bounded),
    };
    const phoneSince = performance.timeOrigin + phone.spokenSince;
    const judge = (since: number, heard: Timed): Score[] =>
      Array.from({ length: windows }, (_, i) => {
        const begin = from + i * seconds * 1000;
        return score(
          stretch({ since, samples: said }, begin, seconds, 'loops'),
          stretch(heard, begin, seconds + 0.6, 'ends'),
          RATE,
        );
      });
    return {
      phoneToBrowser: judge(phoneSince, inBrowser),
      browserToPhone: judge(page.saidSince, played(frames)),
    };
  } finally {
    phone?.close();
    await browser.stop();
    await gateway.stop();
  }
}

function wall(): number {
  return performance.timeOrigin + performance.now();
}

/** What a phone makes of packets that came at these times. */
function played(frames: readonly Frame[]): Timed {
  const first = frames[0]!.timestamp;
  const place = ({ timestamp }: Frame) => (timestamp - first) | 0;
  const lateness = frames.map((frame) => frame.at - place(frame) / 8).sort((a, b) => a - b);
  const samples = new Int16Array(place(frames.at(-1)!) + 160);
  for (const frame of frames) if (place(frame) >= 0) samples.set(frame.samples, place(frame));
  return { since: lateness[Math.floor(0.95 * lateness.length)]!, samples };
}

function stretch(
  { since, samples }: Timed,
  from: number,
  seconds: number,
  end: 'loops' | 'ends',
): Int16Array {
  const begin = Math.round(((from - since) * RATE) / 1000);
  return Int16Array.from({ length: Math.round(seconds * RATE) }, (_, i) => {
    const at = begin + i;
    return (
      (end === 'loops' ? samples[((at % samples.length) + samples.length) % samples.length] : samples[at]) ??
      0
    );
  });
}

/** With its words, not its pauses, at {@link SPOKEN_DB}. */
function atNominalLevel(samples: Int16Array): Int16Array {
  let power = 0;
  let count = 0;
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    const level = exactLevel(samples.subarray(at, at + 160));
    if (level < -45) continue;
    power += 10 ** (level / 10);
    count++;
  }
  const gain = 10 ** ((SPOKEN_DB - 10 * Math.log10(power / count)) / 20);
  return samples.map((sample) => bounded(sample * gain));
}

function bounded(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample)));
}
