import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/app/config/load.ts';

test('docker-compose.yml runs the gateway on the host\u2019s network, and names the ports to open', () => {
  const text = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
  const { services, volumes } = parse(text) as {
    services: Record<string, Record<string, unknown>>;
    volumes: object;
  };
  expect(services).toEqual({
    gateway: expect.objectContaining({
      image: 'node:24-slim',
      network_mode: 'host',
      command: expect.stringMatching(/npm ci --omit=dev .* && exec node src\/app\/main\.ts --dev/),
      volumes: ['.:/app', 'node_modules:/app/node_modules'],
      healthcheck: expect.objectContaining({
        test: expect.arrayContaining([expect.stringContaining(':7880/servingz')]),
      }),
    }),
    drachtio: expect.objectContaining({ profiles: ['drachtio'], network_mode: 'host' }),
  });
  expect(services['gateway']).not.toHaveProperty('ports');
  expect(Object.keys(volumes)).toEqual(['node_modules']);
  for (const port of ['5060', '7880', '7882', '3478', '10000-19999', '30000-39999'])
    expect(text).toMatch(new RegExp(`^#.*${port}`, 'm'));
});

test('its profile drachtio gives the engine the secret, the port and the address that the gateway expects', () => {
  const text = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
  const { services } = parse(text) as {
    services: Record<string, { environment?: Record<string, null>; command: string[]; image: string }>;
  };
  const { gateway, drachtio } = services;
  // Without a value: handed on where the shell has one, and not there where it has none.
  expect(gateway?.environment).toEqual({
    TRUNKROOM_NODE_SHUTDOWN_GRACE: null,
    TRUNKROOM_SIP_ENGINE: null,
    TRUNKROOM_DRACHTIO_SECRET: null,
  });
  expect(drachtio?.image).toMatch(/^drachtio\/drachtio-server:/);
  const options = new Map<string, string>();
  const [program, ...rest] = drachtio?.command ?? [];
  for (let i = 0; i < rest.length; i += 2) options.set(rest[i]!, rest[i + 1]!);
  expect(program).toBe('drachtio');
  const loaded = loadConfig({
    text: 'keys: { my-key: a-secret-of-at-least-32-characters }',
    file: 'trunkroom.yaml',
    env: { TRUNKROOM_SIP_ENGINE: 'drachtio', TRUNKROOM_DRACHTIO_SECRET: '0123456789abcdef' },
    mode: 'production',
    readSecret: () => undefined,
  });
  if (!loaded.ok) throw new Error('the configuration is refused');
  const { host, port } = loaded.value.drachtio;
  expect([options.get('--address'), options.get('--port')]).toEqual([host, String(port)]);
  expect(options.get('--secret')).toBe(`\${${'TRUNKROOM_DRACHTIO_SECRET'}:-}`);
  expect(options.get('--contact')).toBe('sip:*;transport=udp,tcp');
});
