/**
 * `npm run fuzz -- --runs 1000000 --seed 1 [--target sip-parser]`: so many cases for each target, from that seed on. A case that
 * fails is written to `test/data/fuzz/found`, from where the unit tests take it ever after, and ends the run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Found, fuzzOnce, targets } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
});
const runs = Number(values.runs);
const first = Number(values.seed);

for (const target of targets.filter(({ name }) => values.target === undefined || name === values.target)) {
  const begun = performance.now();
  let inputs = 0;
  let heapEarly = 0;
  try {
    for (let run = 0; run < runs; run++) {
      inputs += fuzzOnce(target, first + run);
      if (run === Math.floor(runs / 10)) heapEarly = heapMb();
    }
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    const folder = new URL('../data/fuzz/found/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    const kept = error.inputs.map((bytes) => Buffer.from(bytes).toString('base64'));
    const file = new URL(`${error.target}-${error.seed}.json`, folder);
    writeFileSync(file, `${JSON.stringify({ target: error.target, inputs: kept }, undefined, 2)}\n`);
    console.error(`${error.message}\nkept in ${file.pathname}`);
    process.exit(1);
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${target.name}: ${runs} cases of ${inputs} inputs from seed ${first}, none failed; ` +
      `heap ${heapEarly.toFixed(0)} MB after a tenth, ${heapMb().toFixed(0)} MB in the end; ${seconds.toFixed(0)} s`,
  );
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
