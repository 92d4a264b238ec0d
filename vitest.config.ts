import { defineConfig } from 'vitest/config';

/**
 * Two tiers. `unit` needs nothing but npm: pure code in virtual time, and loopback sockets. `interop` needs the
 * peers that test/run.ts installs (Chromium, baresip, SIPp, coturn, sox) and runs one file at a time, because
 * they share the machine's two cores and the product's ports.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['test/{unit,sim,contract,fuzz}/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        test: {
          name: 'interop',
          include: ['test/{interop,browser}/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
