/** `npm run deploy:render`: writes deploy/kubernetes anew from the chart in deploy/helm, with its default values. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { plainManifests } from './chart.ts';
import { repositoryRoot } from './root.ts';

const folder = `${repositoryRoot}deploy/kubernetes/`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [file, text] of plainManifests()) writeFileSync(folder + file, text);
