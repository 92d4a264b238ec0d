/** `npm run phone -- sip:lobby@127.0.0.1`: a softphone for the command line, on the gateway's own SIP and RTP parts. */
import { writeFileSync } from 'node:fs';
import { systemRandom } from '../../adapters/crypto/crypto.ts';
import { describeEnd } from './failure.ts';
import { listenToKeys } from './keyboard.ts';
import { LiveLine } from './live-line.ts';
import { openPair, toolPorts } from './media-ports.ts';
import { clockTime, levelBar } from './meter.ts';
import { PhoneMedia } from './phone-media.ts';
import { PHONE_HELP, type PhoneOptions, parsePhoneOptions } from './phone-options.ts';
import { Recorder } from './recorder.ts';
import { openSipClient, type SipClient } from './sip-client.ts';
import type { SoundSource } from './sound-source.ts';
import { speechSource } from './speech.ts';
import { localAddressTowards, resolveTarget, targetUri } from './target.ts';
import { Ticker } from './ticker.ts';
import { ToolCall } from './tool-call.ts';
import { openToolCodecs } from './tool-codec.ts';

const SHOWN_EVERY_MS = 100;
const DTMF_AFTER_MS = 1000;
/** A BYE or CANCEL has so long to be answered before the process goes. */
const LAST_WORDS_MS = 500;

async function main(): Promise<number> {
  const options = parsePhoneOptions(process.argv.slice(2));
  if (!options.ok) {
    process.stderr.write(`${options.error}\n\n${PHONE_HELP}`);
    return 2;
  }
  if (options.value === 'help') {
    process.stdout.write(PHONE_HELP);
    return 0;
  }
  const speech = speechSource(options.value.speech);
  if (!speech.ok) {
    process.stderr.write(`${speech.error}\n`);
    return 2;
  }
  try {
    return await call(options.value, speech.value.source, speech.value.what);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function call(options: PhoneOptions, source: SoundSource, what: string): Promise<number> {
  const remote = await resolveTarget(options.target);
  const address = await localAddressTowards(remote);
  const { transport } = options.target;
  const client = await openSipClient({ transport, remote, local: { address, port: options.port } });
  const ports = toolPorts(address);
  const pair = await openPair(ports);
  const codecs = await openToolCodecs(options.codecs);
  const recorder = new Recorder();
  const listener = options.record === undefined ? () => {} : recorder.put.bind(recorder);
  const media = new PhoneMedia(pair, source, listener, { codecs, random: systemRandom });
  const ticker = new Ticker();
  ticker.frames.add(media.tick);
  ticker.start();
  const answered = await converse(client, media, options, what);
  ticker.stop();
  await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
  ports.release(pair);
  client.close();
  if (answered && options.record !== undefined) {
    writeFileSync(options.record, recorder.toWav());
    const seconds = recorder.sound.samples.length / recorder.sound.rate;
    process.stdout.write(`Recorded ${seconds.toFixed(1)} s to ${options.record}\n`);
  }
  return answered ? 0 : 1;
}

/** From dialling to the end; true when it was answered. */
function converse(
  client: SipClient,
  media: PhoneMedia,
  options: PhoneOptions,
  what: string,
): Promise<boolean> {
  const line = new LiveLine(process.stdout, () => performance.now());
  const uri = targetUri(options.target);
  let answeredAt: number | undefined;
  const timers: NodeJS.Timeout[] = [];
  return new Promise((resolve) => {
    line.print(`Calling ${uri} from ${options.from}; it says ${what}`);
    const { transport } = options.target;
    const call = new ToolCall(
      client,
      media,
      { to: uri, from: options.from, transport, codecs: options.codecs },
      {
        progressed: (status) => line.print(status === 180 ? 'Ringing' : `Progress: ${status}`),
        answered: (codec) => {
          answeredAt = performance.now();
          line.print(`Answered, in ${codec}. Keys 0-9 * # are sent, q hangs up.`);
          timers.push(setTimeout(() => [...options.dtmf].map(key), DTMF_AFTER_MS));
          if (options.seconds !== undefined) timers.push(setTimeout(hangUp, 1000 * options.seconds));
        },
        ended: (end) => {
          for (const timer of timers) clearTimeout(timer);
          releaseKeys();
          process.off('SIGINT', hangUp);
          process.off('SIGTERM', hangUp);
          line.print(end.by === 'us' ? 'Hung up.' : `The call is over: ${describeEnd(end)}.`);
          if (answeredAt !== undefined) line.print(statistics(media, performance.now() - answeredAt));
          resolve(answeredAt !== undefined);
        },
      },
    );
    const hangUp = () => call.hangUp();
    const key = (digit: string) => {
      line.print(media.press(digit) ? `Key ${digit}` : `Key ${digit} is not sent: the far end takes no keys`);
    };
    const releaseKeys = listenToKeys((action) => (action.do === 'quit' ? hangUp() : key(action.digit)));
    process.on('SIGINT', hangUp);
    process.on('SIGTERM', hangUp);
    timers.push(
      setInterval(() => {
        if (answeredAt !== undefined) line.update(liveText(media, performance.now() - answeredAt));
      }, SHOWN_EVERY_MS),
    );
  });
}

function liveText(media: PhoneMedia, ms: number): string {
  const bars = `in ${levelBar(media.heardDb, 12)} out ${levelBar(media.sentDb, 8)}`;
  return `${clockTime(ms)} ${bars} ${media.received} received, ${media.lost} lost, jitter ${media.jitterMs.toFixed(1)} ms`;
}

function statistics(media: PhoneMedia, ms: number): string {
  const { sent, received, lost, jitterMs, longestGapMs } = media;
  return (
    `${clockTime(ms)} long; ${sent} packets sent, ${received} received, ${lost} lost, ` +
    `jitter ${jitterMs.toFixed(1)} ms, longest gap ${longestGapMs.toFixed(0)} ms`
  );
}

process.exitCode = await main();
