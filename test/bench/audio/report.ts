/**
 * `npm run audio:report`: speech from phone to phone by each pair of codecs over each kind of network, in virtual time
 * and by fixed seeds, scored; writes the table into docs/AUDIO.md and the plots beside it. What is committed is what
 * it makes again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { OpusCodecs } from '../../../src/adapters/opus/opus-codecs.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import { type Score, score } from '../../support/ears/score.ts';
import { type Path, record } from '../../support/ears/voice-path.ts';
import { type LossProfile, PROFILES } from '../../support/ears/weather.ts';
import { repositoryRoot } from '../../support/root.ts';
import { bars, lines } from './plots.ts';

const CODECS = ['PCMA', 'PCMU', 'G722', 'OPUS'] as const;
const SECONDS = 15;
/** The network is learned meanwhile. */
const SETTLED_MS = 3000;
const SEED = 8;
const DOCUMENT = `${repositoryRoot}docs/AUDIO.md`;
const IMAGES = `${repositoryRoot}docs/images`;
const BEGIN = '<!-- begin audio:report -->';
const END = '<!-- end audio:report -->';

const codecs = await OpusCodecs.load(4);

/** Encoders of Opus are opened in the background: two at a time, and a path needs them all at once. */
async function prepare(): Promise<void> {
  const opus = voiceFormat('audio/opus', 'useinbandfec=1');
  if (opus !== undefined) codecs.encoder(opus)?.free();
  await new Promise((resolve) => setTimeout(resolve, 50));
}

async function listen(path: Partial<Path> & Pick<Path, 'from' | 'to' | 'profile'>): Promise<Score> {
  await prepare();
  const { said, heard, rate } = record({ seconds: SECONDS, seed: SEED, ...path }, codecs);
  const from = (SETTLED_MS * rate) / 1000;
  return score(said.subarray(from), heard.subarray(from), rate);
}

const mime = (name: string): string => `audio/${name.toLowerCase()}`;

const pairs = CODECS.flatMap((from) => CODECS.map((to) => ({ from, to, name: `${from} → ${to}` })));
const scores = new Map<string, Score[]>();
await prepare();
for (const { from, to, name } of pairs) {
  const row: Score[] = [];
  for (const profile of PROFILES) row.push(await listen({ from: mime(from), to: mime(to), profile }));
  scores.set(name, row);
  console.log(name, row.map((each) => each.stoi.toFixed(3)).join(' '));
}

const rows = pairs.flatMap(({ name }) =>
  PROFILES.map((profile, i) => {
    const { delayMs, delay95Ms, gapMs, levelDb, segmentalSnrDb, stoi } = scores.get(name)![i]!;
    const numbers = [
      delayMs.toFixed(0),
      delay95Ms.toFixed(0),
      gapMs.toFixed(0),
      (levelDb + 0).toFixed(1).replace('-0.0', '0.0'),
      segmentalSnrDb.toFixed(1),
      stoi.toFixed(3),
    ];
    return `| ${i === 0 ? name : ''} | ${profile.name} | ${numbers.join(' | ')} |`;
  }),
);
const table = [
  '| codecs | network | delay, ms | its 95th percentile | longest gap, ms | level, dB | segmental SNR, dB | STOI |',
  '|---|---|---|---|---|---|---|---|',
  ...rows,
].join('\n');

const document = readFileSync(DOCUMENT, 'utf8');
const [before, rest] = document.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`docs/AUDIO.md lacks ${BEGIN} … ${END}`);
writeFileSync(DOCUMENT, `${before}${BEGIN}\n${table}\n${END}${after}`);

const same = CODECS.map((name) => `${name} → ${name}`);
writeFileSync(
  `${IMAGES}/audio-stoi.svg`,
  bars(
    'Intelligibility (STOI), phone to phone',
    { from: 0.7, to: 1, step: 0.05, label: 'STOI, from 0.7' },
    same,
    PROFILES.map((profile, i) => ({
      name: profile.name.replace('20 ms jitter, ', ''),
      values: same.map((name) => scores.get(name)![i]!.stoi),
    })),
  ),
);

const CLEAN: LossProfile = { name: 'clean', jitterMs: 0, loss: 0, burst: 1 };
/** Ten seconds of calm, eight of jitter, and calm again. */
const storm = (sentAt: number): number =>
  sentAt > 10_000 && sentAt < 18_000 ? ((sentAt * 2654435761) % 1009) / 20 : 0;
/** A way that is 100 ms longer for a quarter of a minute. */
const detour = (sentAt: number): number => (sentAt > 10_000 && sentAt < 25_000 ? 100 : 0);
const plain = { from: 'audio/pcma', to: 'audio/pcma', profile: CLEAN, seconds: 48 };
const course = async (routeMs: (sentAt: number) => number) =>
  (await listen({ ...plain, routeMs })).delays.map((delay, i): [number, number] => [
    SETTLED_MS / 1000 + i / 10,
    delay,
  ]);
writeFileSync(
  `${IMAGES}/audio-delay.svg`,
  lines(
    'Delay from phone to phone (PCMA), the packet of 20 ms included',
    { from: 0, to: 200, step: 25, label: 'ms' },
    48,
    [
      { name: '50 ms of jitter from 10 to 18 s', points: await course(storm) },
      { name: '100 ms longer way, 10 to 25 s', points: await course(detour) },
    ],
  ),
);
codecs.close();
