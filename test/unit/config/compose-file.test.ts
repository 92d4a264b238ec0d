import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

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
        test: expect.arrayContaining([expect.stringContaining(':7880/readyz')]),
      }),
    }),
  });
  expect(services['gateway']).not.toHaveProperty('ports');
  expect(Object.keys(volumes)).toEqual(['node_modules']);
  for (const port of ['5060', '7880', '7882', '3478', '10000-19999', '30000-39999'])
    expect(text).toMatch(new RegExp(`^#.*${port}`, 'm'));
});
