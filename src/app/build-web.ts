/** `npm run build:web`: bundles the page's script once, so that no gateway has to. */
import { buildPage } from '../adapters/bundle/page.ts';

const { bytes, file } = await buildPage();
process.stdout.write(`${file}: ${Math.round(bytes / 1024)} kB\n`);
