import { ConnectionQuality } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { connectionScore } from '../../../src/room/connection-score.ts';
import { all } from '../room/world.ts';
import { browserOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

const good = { loss: 0, jitterMs: 2, rttMs: 30 };

test.each([
  [good, 100],
  [{ loss: 0.01, jitterMs: 5, rttMs: 60 }, 95],
  [{ loss: 0.1, jitterMs: 5, rttMs: 60 }, 59],
  [{ loss: 0, jitterMs: 20, rttMs: 800 }, 68],
  [{ loss: 0.5, jitterMs: 100, rttMs: 2000 }, 0],
])('%j scores %i', (quality, score) => {
  expect(connectionScore(quality)).toBe(score);
});

describe('connection quality', () => {
  const rate = (rig: Rig, index: number, quality: typeof good) =>
    rig.media({
      type: 'transport.quality',
      transport: rig.told('transport.open')[index]?.transport ?? '',
      quality,
    });

  test('is told to all, of hidden participants to themselves alone', () => {
    const rig = new Rig();
    const ada = new Client(rig);
    const bob = new Client(rig, { identity: 'bob', permissions: { ...all, hidden: true } });
    rate(rig, 0, { loss: 0.1, jitterMs: 5, rttMs: 60 });
    for (const client of [ada, bob])
      expect(client.last('connectionQuality').updates).toMatchObject([
        { participantSid: ada.last('join').participant?.sid, quality: ConnectionQuality.GOOD },
      ]);
    rate(rig, 1, good);
    expect(bob.last('connectionQuality').updates[0]?.quality).toBe(ConnectionQuality.EXCELLENT);
    expect(ada.count('connectionQuality')).toBe(1);
  });

  test('of two connections is that of the worse', () => {
    const rig = new Rig();
    const ada = new Client(rig, { connections: 'dual' });
    ada.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'c' }]));
    rate(rig, 1, { loss: 0.3, jitterMs: 5, rttMs: 60 });
    rate(rig, 0, good);
    expect(ada.count('connectionQuality')).toBe(2);
    expect(ada.last('connectionQuality').updates[0]?.quality).toBe(ConnectionQuality.POOR);
  });
});
