import { expect, it } from 'vitest';
import { LossyNet } from '../../support/lossy-net.ts';
import { longestGap, TONES, toneLevels } from '../../support/tones.ts';
import { VirtualGateway, VirtualPhone } from '../../support/virtual-gateway.ts';

it.each(['a=sendonly', 'a=inactive'])(
  'a phone on hold by %s plays its music to nobody, however long',
  (hold) => {
    const net = new LossyNet(7);
    net.weather = { delayMs: 5, jitterMs: 5, loss: 0.02, duplicates: 0.01 };
    const gateway = new VirtualGateway(net);
    const phones = [0, 1].map((i) => new VirtualPhone(net, `10.0.1.${i + 1}`, TONES[i]!));
    const [holder, hearer] = phones as [VirtualPhone, VirtualPhone];
    const pass = (milliseconds: number) =>
      net.every(20, milliseconds / 20, () => {
        for (const phone of phones) phone.tick();
      });
    for (const phone of phones) phone.dial('lobby');
    pass(4000);
    holder.offerAgain(hold);
    pass(2000);
    // Longer than the media time-out: the holder goes on sending, and nobody may hear or miss it.
    const silentFrom = hearer.handset.recording().length;
    const sentFrom = holder.handset.received.length;
    pass(40_000);
    const during = hearer.handset.recording().subarray(silentFrom);
    expect(toneLevels(during, 8000, [TONES[0]])[0]).toBeLessThan(-70);
    expect(holder.handset.received.length).toBe(sentFrom);
    holder.offerAgain();
    pass(1000);
    const heardFrom = hearer.handset.recording().length;
    pass(3000);
    const after = hearer.handset.recording().subarray(heardFrom);
    expect(Math.abs(toneLevels(after, 8000, [TONES[0]])[0]! + 14.75)).toBeLessThan(3);
    expect(longestGap(after, 8000).lengthMs).toBeLessThan(100);
    expect(holder.said.slice(2)).toEqual([hold === 'a=sendonly' ? 'recvonly' : 'inactive', 'sendrecv']);
    for (const phone of phones) phone.hangUp();
    pass(60_000);
    expect(gateway.left()).toEqual({});
    expect(gateway.faults).toEqual([]);
    expect(gateway.stop()).toBe(0);
  },
);
