import { afterEach, expect } from 'vitest';
import type { CallOrder } from '../../../src/call/call-order.ts';
import type { CallEnding } from '../../../src/events/index.ts';
import type { IncomingInvite } from '../../../src/sip/ports.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { toneLevels } from '../../support/tones.ts';
import { VirtualCarrier } from '../../support/virtual-carrier.ts';
import { VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';
import { outboundTrunk } from '../../unit/trunk/trunks.ts';

let faults: () => string[] = () => [];

afterEach(() => {
  expect(faults(), 'faults of the gateway').toEqual([]);
});

/** A gateway, its carriers and phones on one virtual network, and what whoever places a call hears of it. */
export function world(seed = 1) {
  const net = new LossyNet(seed);
  const gateway = new VirtualGateway(net);
  faults = () => gateway.faults;
  const carriers: VirtualCarrier[] = [];
  const phones: VirtualPhone[] = [];
  const heard: string[] = [];
  const endings: CallEnding[] = [];
  return {
    ...{ net, gateway, heard, endings },
    carrier(
      script: (invite: IncomingInvite, carrier: VirtualCarrier) => void,
      options?: ConstructorParameters<typeof VirtualCarrier>[3],
    ): VirtualCarrier {
      const one = new VirtualCarrier(net, `10.0.2.${carriers.length + 1}`, script, options);
      carriers.push(one);
      return one;
    },
    phone(): VirtualPhone {
      const one = new VirtualPhone(net, `10.0.1.${phones.length + 1}`, 440);
      phones.push(one);
      return one;
    },
    place: (change: Partial<CallOrder> = {}, trunk: Partial<OutboundTrunk> = {}) =>
      gateway.dialer.placeCall(
        { trunk: outboundTrunk(trunk), to: '+60123456789', room: 'lobby', ...change },
        {
          ringing: () => heard.push('ringing'),
          answered: () => heard.push('answered'),
          over: (ending, talkedMs) => {
            heard.push(`over ${ending.cause} ${Math.round(talkedMs / 1000)}`);
            endings.push(ending);
          },
        },
      ),
    pass: (ms: number) =>
      net.every(20, ms / 20, () => {
        for (const one of [...phones, ...carriers]) one.tick();
      }),
    events: (type: string) => gateway.events.filter((event) => event.type === type),
    /** After all has run out: nothing left. */
    settle() {
      net.run(net.now() + 120_000);
      expect(gateway.left()).toEqual({});
      expect(gateway.stop()).toBe(0);
    },
  };
}

/** A carrier that takes every call. */
export const answering = (invite: IncomingInvite, carrier: VirtualCarrier): void => {
  invite.progress(180);
  carrier.call = invite.accept(carrier.sdp);
  carrier.isSpeaking = true;
};

export const refusing =
  (status: number, reason?: string) =>
  (invite: IncomingInvite): void =>
    invite.reject(status, reason === undefined ? [] : [['Reason', reason]]);

/** Level of the carrier's 700 Hz in what a phone heard last, dB. */
export const carrierLevel = (phone: VirtualPhone) =>
  toneLevels(phone.handset.recording(1000), 8000, [700])[0]!;
