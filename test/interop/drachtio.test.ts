/**
 * The contract of SIP engines against the real drachtio server, where one is installed: Debian has none. Without it this file says so and
 * skips; `test/contract/sip-engine-drachtio.test.ts` runs the same tests against a double of the server.
 */
import { describe, test } from 'vitest';
import { sipEngineContract } from '../contract/sip-engine.ts';
import { connected, openDrachtioEngine } from '../support/drachtio-engine.ts';
import { findDrachtioServer, startDrachtioServer } from '../support/drachtio-server.ts';

const binary = findDrachtioServer();

if (binary === undefined) {
  describe('the real drachtio server', () => {
    test.skip('is not installed: set DRACHTIO_SERVER to its binary', () => {});
  });
} else {
  sipEngineContract('drachtio-srf with the real server', async () => {
    const server = await startDrachtioServer(binary);
    const under = openDrachtioEngine(server);
    await connected(under);
    return {
      ...under,
      port: server.sipPort,
      async stop() {
        await under.stop();
        await server.stop();
      },
    };
  });
}
