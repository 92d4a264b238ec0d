/** `npm run docs:config`: writes the files that come from the configuration's schema. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configDocuments } from './documents.ts';

for (const [path, text] of Object.entries(configDocuments())) {
  writeFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), text);
}
