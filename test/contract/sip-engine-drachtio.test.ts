/** drachtio-srf itself, against a double of the server; `test/interop/drachtio.test.ts` runs the same against the real one. */
import { DOUBLE_SECRET, DrachtioDouble } from '../support/drachtio-double.ts';
import { connected, openDrachtioEngine } from '../support/drachtio-engine.ts';
import { sipEngineContract } from './sip-engine.ts';

sipEngineContract('drachtio-srf with a double of the server', async () => {
  const double = await DrachtioDouble.open();
  const under = openDrachtioEngine({ port: double.port, secret: DOUBLE_SECRET });
  await connected(under);
  return {
    ...under,
    port: double.sip.port,
    async stop() {
      await under.stop();
      await double.stop();
    },
  };
});
