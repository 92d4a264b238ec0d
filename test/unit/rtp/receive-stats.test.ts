import { expect, it } from 'vitest';
import { ReceiveStats } from '../../../src/rtp/receive-stats.ts';

it('reports the last sender report of the source that it is about, and of no other (RFC 3550 section 6.4.1)', () => {
  const stats = new ReceiveStats(8000);
  stats.push({ ssrc: 1, sequence: 10, timestamp: 0 }, 0);
  stats.senderReport(2, 0x1111_2222, 0x3333_4444, 5);
  expect(stats.report(10)).toMatchObject({ ssrc: 1, lastSr: 0, delaySinceLastSr: 0 });
  stats.senderReport(1, 0x1111_2222, 0x3333_4444, 20);
  expect(stats.report(1020)).toMatchObject({ ssrc: 1, lastSr: 0x2222_3333, delaySinceLastSr: 65_536 });
  // Its sequence begins anew, and it is the same source.
  for (const sequence of [9000, 9001]) stats.push({ ssrc: 1, sequence, timestamp: 0 }, 1040);
  expect(stats.report(1060)).toMatchObject({ ssrc: 1, lastSr: 0x2222_3333 });
  stats.push({ ssrc: 2, sequence: 7, timestamp: 0 }, 1080);
  expect(stats.report(1100)).toMatchObject({ ssrc: 2, lastSr: 0, delaySinceLastSr: 0 });
});
