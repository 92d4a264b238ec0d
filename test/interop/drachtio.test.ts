/**
 * The real drachtio server, where one is installed (`DRACHTIO_SERVER`, or `drachtio` in the path; Debian has none): the contract of SIP engines,
 * and the gateway on it. Without it the gateway's tests run on the double of the server alone, and the contract stands in
 * `test/contract/sip-engine-drachtio.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sipEngineContract } from '../contract/sip-engine.ts';
import { DOUBLE_SECRET, DrachtioDouble } from '../support/drachtio-double.ts';
import { connected, openDrachtioEngine } from '../support/drachtio-engine.ts';
import { findDrachtioServer, startDrachtioServer } from '../support/drachtio-server.ts';
import { eventually } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';
import { bodyOf, type HandDialog, HandPeer, headerOf } from '../support/hand-peer.ts';
import { rawOffer } from '../support/raw-sip.ts';
import { TcpRelay } from '../support/tcp-relay.ts';

const binary = findDrachtioServer();

interface Running {
  /** At once, and without a word to anybody. */
  kill(): Promise<void>;
}

interface Kind {
  readonly secret: string;
  start(ports: { readonly port: number; readonly sipPort: number }): Promise<Running>;
}

const double: Kind = {
  secret: DOUBLE_SECRET,
  async start(ports) {
    const running = await DrachtioDouble.open(ports);
    return { kill: () => running.stop() };
  },
};

const kinds: [string, Kind][] = [['a double of the server', double]];

if (binary === undefined) {
  // Debian has no package of it: the double runs the same contract everywhere, the real one where somebody built it.
  test.skip('the real drachtio server is not installed: set DRACHTIO_SERVER to its binary', () => {});
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
  const real: Kind = {
    secret: 'of-the-contract',
    async start(ports) {
      const { child, stop } = await startDrachtioServer(binary, ports);
      return {
        async kill() {
          child.signal('SIGKILL');
          await stop();
        },
      };
    },
  };
  kinds.push(['the real server', real]);
}

describe.each(kinds)('the gateway on %s', (_name, { secret, start }) => {
  let gateway: Gateway;
  let server: Running;
  let peer: HandPeer;
  let relay: TcpRelay;
  let ports: { port: number; sipPort: number };

  beforeAll(async () => {
    const port = await freePortBlock(2);
    ports = { port, sipPort: port + 1 };
    server = await start(ports);
    relay = await TcpRelay.open(port);
    gateway = await Gateway.start({
      TRUNKROOM_SIP_ENGINE: 'drachtio',
      TRUNKROOM_DRACHTIO_PORT: String(relay.port),
      TRUNKROOM_DRACHTIO_SECRET: secret,
    });
    peer = await HandPeer.open(ports.sipPort);
    await isConnected(1);
  });
  afterAll(async () => {
    peer?.close();
    await gateway?.stop();
    relay?.close();
    await server?.kill();
  });

  async function isConnected(times: number): Promise<void> {
    await eventually('drachtio is connected', 20_000, async () => {
      const metrics = await gateway.metrics();
      return metrics.value('trunkroom_sip_engine_changes_total', { state: 'up' }) === times;
    });
  }

  async function calls(count: number): Promise<void> {
    await eventually(`${count} calls`, 15_000, async () => {
      return (await gateway.metrics()).value('trunkroom_calls') === count;
    });
  }

  async function called(): Promise<HandDialog> {
    const dialog = peer.newDialog('+60312345678', 'lobby');
    peer.request('INVITE', dialog, { body: rawOffer(peer.port) });
    const ok = await peer.next('SIP/2.0 200');
    expect(bodyOf(ok)).toMatch(/^m=audio \d+ RTP\/AVP 8 101/m);
    expect(headerOf(ok, 'Server')).toBe('trunkroom');
    peer.answered(dialog, ok);
    peer.request('ACK', dialog, { cseq: dialog.cseq });
    // What is answered after the ACK shows that it has come.
    peer.request('OPTIONS', dialog);
    await peer.next('SIP/2.0 200');
    await calls(1);
    return dialog;
  }

  test('takes a call into a room, holds and resumes it, and is left', async () => {
    const dialog = await called();
    const hold = rawOffer(peer.port).replace('a=sendrecv', 'a=sendonly');
    peer.request('INVITE', dialog, { body: hold });
    const held = await peer.next('SIP/2.0 200');
    expect(bodyOf(held)).toMatch(/^a=(recvonly|inactive)/m);
    peer.request('ACK', dialog, { cseq: dialog.cseq });
    peer.request('BYE', dialog);
    await peer.next('SIP/2.0 200');
    await calls(0);
  });

  test('is not brought down by an INVITE with a Contact that is none', async () => {
    for (const contact of ['*', '<tel:+60312345678>']) {
      peer.request('INVITE', peer.newDialog(), { body: rawOffer(peer.port), contact: `Contact: ${contact}` });
      await peer.next('SIP/2.0 100');
    }
    const dialog = await called();
    peer.request('BYE', dialog);
    await peer.next('SIP/2.0 200');
    await calls(0);
    await isConnected(1);
  });

  test('keeps a call through a broken connection, asks after it, and hears so that the far end has left', async () => {
    const dialog = await called();
    relay.break();
    await isConnected(2);
    const asked = await peer.next('OPTIONS');
    peer.respond(asked, '200 OK', { dialog });
    expect((await gateway.metrics()).value('trunkroom_calls')).toBe(1);
    // The server tells a new connection nothing of the dialogs of an old one, not even this.
    peer.request('BYE', dialog);
    await peer.next('SIP/2.0 481');
    await eventually('the call is asked after again', 30_000, async () => {
      return (await gateway.metrics()).value('trunkroom_calls') === 0;
    });
  });

  test('keeps a call through the server’s death, drops it when its successor knows nothing of it, and takes the next', async () => {
    await called();
    await server.kill();
    await eventually('it is told', 15_000, async () => {
      const metrics = await gateway.metrics();
      return (metrics.value('trunkroom_sip_engine_changes_total', { state: 'down' }) ?? 0) > 0;
    });
    expect((await gateway.metrics()).value('trunkroom_calls')).toBe(1);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
    server = await start(ports);
    await isConnected(3);
    await calls(0);
    const next = await called();
    peer.request('BYE', next);
    await peer.next('SIP/2.0 200');
    await calls(0);
    expect((await gateway.metrics()).value('trunkroom_sip_transactions')).toBe(0);
  });
});
