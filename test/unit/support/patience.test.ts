import { expect, test, vi } from 'vitest';

test('what is waited for may take longer than a second, unless it is said how long', async () => {
  const begun = performance.now();
  await vi.waitFor(() => expect(performance.now() - begun).toBeGreaterThan(1200));
  const brief = vi.waitFor(() => expect(performance.now() - begun).toBeGreaterThan(60_000), 100);
  await expect(brief).rejects.toThrow();
  const short = vi.waitUntil(() => performance.now() - begun > 60_000, { timeout: 100 });
  await expect(short).rejects.toThrow();
});
