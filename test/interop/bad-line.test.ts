/**
 * Two phones of the command line, the gateway, and between one phone and the gateway a bad line in the kernel: what the
 * virtual network shows, once over real sockets and real time.
 */
import { afterAll, expect, test } from 'vitest';
import { TwoHosts } from '../lab/two-hosts.ts';
import { score } from '../support/ears/score.ts';
import { speech } from '../support/ears/voice-path.ts';
import { freePorts, portsAsEnvironment } from '../support/gateway.ts';
import { productNode, repositoryRoot } from '../support/root.ts';
import { readWav } from '../support/wav.ts';
import { newWorkspace } from '../support/workspace.ts';

const RATE = 8000;
const SECONDS = 18;
const SPEECH = `${repositoryRoot}test/data/speech/harvard-1-2.wav`;

const made = TwoHosts.make();
if (typeof made === 'string')
  console.warn(`Not tested over a bad line, for there are no namespaces here: ${made}`);

afterAll(() => {
  if (typeof made !== 'string') made.remove();
});

/** Where in the speech that goes round and round `heard` begins, samples. */
function phase(heard: Int16Array): number {
  const said = speech(RATE, 13);
  const look = heard.subarray(0, RATE);
  let best = { at: 0, like: 0 };
  for (let at = 0; at < 6 * RATE; at += 2) {
    let product = 0;
    for (let i = 0; i < look.length; i += 4) product += look[i]! * said[at + i]!;
    if (product > best.like) best = { at, like: product };
  }
  return best.at;
}

// Namespaces and NFQUEUE need root and a kernel that has them: without, nothing can be measured, and the warning above says why.
test.skipIf(typeof made === 'string')(
  '20 ms of jitter and 1 % loss in the kernel: no gap, and every word',
  async () => {
    if (typeof made === 'string') return;
    const folder = newWorkspace('bad-line');
    const ports = await freePorts();
    const gateway = made.start(
      'near',
      'gateway',
      productNode,
      [`${repositoryRoot}src/app/main.ts`, '--dev'],
      portsAsEnvironment(ports),
    );
    try {
      await gateway.waitForOutput(/is ready/, 60_000);
      await made.impair({ delayMs: 10, jitterMs: 20, lossPercent: 1, burst: 1, seed: 5 });
      const phone = (host: 'near' | 'far', from: string, ...args: string[]) =>
        made.start(host, `phone ${from}`, productNode, [
          `${repositoryRoot}src/app/tools/phone.ts`,
          `sip:room@${made.address('near')}:${ports.sip}`,
          ...['--transport', 'tcp', '--from', from, '--seconds', String(SECONDS), ...args],
        ]);
      const speaker = phone('far', '1001', '--wav', SPEECH);
      const listener = phone('near', '1002', '--tone', '50', '--record', `${folder}/heard.wav`);
      const exits = await Promise.all([speaker.exited, listener.exited]);
      expect(
        exits.map(({ code }) => code),
        speaker.output + listener.output,
      ).toEqual([0, 0]);
      const { seen, lost } = await made.mend();
      expect(seen).toBeGreaterThan(45 * SECONDS);
      expect(lost).toBeGreaterThan(0);

      const wav = readWav(`${folder}/heard.wav`);
      const heard = wav.samples.subarray(4 * RATE, 15 * RATE);
      const margin = RATE / 4;
      const begin = phase(heard.subarray(margin));
      const said = speech(RATE, 20).subarray(begin, begin + heard.length - 2 * margin);
      const { gapMs, stoi, levelDb, segmentalSnrDb } = score(said, heard, RATE);
      console.log(
        `${seen} packets, ${lost} lost: gap ${gapMs} ms, STOI ${stoi.toFixed(3)}, ` +
          `SNR ${segmentalSnrDb.toFixed(1)} dB, level ${levelDb.toFixed(1)} dB`,
      );
      expect(gapMs).toBeLessThanOrEqual(40);
      expect(stoi).toBeGreaterThan(0.95);
    } finally {
      await gateway.stop();
      await made.mend();
    }
  },
);
