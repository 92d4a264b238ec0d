import { expect, test } from 'vitest';
import { monotonicClock } from '../../../src/adapters/clock/clock.ts';
import { loadAddon } from '../../../src/adapters/native/addon.ts';
import { openDtlsEngine } from '../../../src/app/dtls.ts';
import { StartupError } from '../../../src/app/startup-error.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';

test('without the addon werift does DTLS, unless OpenSSL was asked for by name', async () => {
  const engine = await openDtlsEngine('auto', undefined, monotonicClock, new WakeQueue());
  expect(engine).toMatchObject({ by: 'werift', fingerprint: { algorithm: 'sha-256' } });
  await expect(openDtlsEngine('openssl', undefined, monotonicClock, new WakeQueue())).rejects.toThrow(
    StartupError,
  );
});

test('each engine has a certificate of its own', async () => {
  const [a, b] = await Promise.all(
    [0, 1].map(() => openDtlsEngine('auto', loadAddon(), monotonicClock, new WakeQueue())),
  );
  expect(a!.by).toBe(loadAddon() === undefined ? 'werift' : 'openssl');
  expect(a!.fingerprint.value).not.toBe(b!.fingerprint.value);
});
