import { fileURLToPath } from 'node:url';

/** The repository's top folder, with a trailing slash. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));

/** The Node that the product runs on: the one among its own dependencies, whatever Node the host has. */
export const productNode = `${repositoryRoot}node_modules/.bin/node`;
