/** Two endpoints of ours over a network that loses, doubles and delays: every call comes about and ends. */
import { expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/net.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { SipEndpoint } from '../../../src/sip/endpoint.ts';
import type { CallHandler, Flow } from '../../../src/sip/ports.ts';
import { ANSWER, OFFER } from './scene.ts';

const CALLER: HostPort = { address: '192.0.2.1', port: 5060 };
const CALLEE: HostPort = { address: '192.0.2.2', port: 5060 };

test.each([0, 0.05, 0.2])('a hundred calls at a loss of %d', (loss) => {
  let now = 0;
  let seed = 7;
  const u32 = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed;
  };
  const chance = () => u32() / 2 ** 32;
  const queue = new WakeQueue();
  const faults: unknown[] = [];
  const endpoints = new Map<string, SipEndpoint>();
  const make = (local: HostPort): SipEndpoint => {
    const endpoint = new SipEndpoint({
      clock: { now: () => now },
      timers: queue,
      random: { u32, bytes: (length) => Uint8Array.from({ length }, () => u32() >>> 24) },
      send: (bytes, flow) => {
        const copies = chance() < loss ? 0 : chance() < loss ? 2 : 1;
        for (let i = 0; i < copies; i++) {
          const flowThere: Flow = { transport: 'udp', local: flow.remote, remote: local };
          queue.schedule(now + 5 + chance() * 40, () =>
            endpoints.get(flow.remote.address)?.receive(bytes, flowThere),
          );
        }
      },
      admission: () => 'admit',
      emit: () => {},
      userAgent: 'test',
      contact: () => local,
      openFlow: ({ remote }) => ({ transport: 'udp', local, remote }),
      onFault: (error) => faults.push(error),
    });
    endpoints.set(local.address, endpoint);
    return endpoint;
  };
  const caller = make(CALLER);
  const callee = make(CALLEE);
  const seen = { answered: 0, confirmed: 0, hungUp: 0, other: 0 };
  const quiet: CallHandler = {
    confirmed: () => void seen.confirmed++,
    reoffered: (_request, _offer, settle) => settle.reject(488),
    requested: () => 200,
    ended: (end) => void (end.by === 'bye' ? seen.hungUp++ : seen.other++),
  };
  callee.onInvite = (invite) => {
    invite.handler = quiet;
    invite.progress(180);
    queue.schedule(now + 300, () => invite.accept(ANSWER));
  };
  for (let i = 0; i < 100; i++) {
    queue.schedule(i * 50, () => {
      const call = caller.invite(
        {
          to: 'sip:600@192.0.2.2',
          from: 'sip:100@192.0.2.1',
          next: { transport: 'udp', remote: CALLEE },
          sdp: OFFER,
        },
        {
          ...quiet,
          progressed() {},
          answered: () => {
            seen.answered++;
            queue.schedule(now + 20_000, () => call.bye());
          },
        },
      );
    });
  }
  while (queue.size > 0) {
    now = queue.next();
    queue.run(now);
  }
  expect(faults).toEqual([]);
  expect(seen).toEqual({ answered: 100, confirmed: 100, hungUp: 100, other: 0 });
  for (const each of [caller, callee]) expect(each.gauges()).toMatchObject({ calls: 0, transactions: 0 });
});
