/** RTP bleed and injection over real sockets: the attacker is at another address of loopback. */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { RawPhone } from '../support/raw-phone.ts';
import { toneLevel } from '../support/tones.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(async () => {
  await gateway?.stop();
});

async function attacker(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.66', resolve));
  return socket;
}

test('who sprays the ports of a call gets no packet of it and is not heard', async () => {
  const evil = await attacker();
  let got = 0;
  evil.on('message', () => got++);
  const victim = await RawPhone.call(gateway.ports.sip, 'bleed', { hz: 440, amplitude: 8192 });
  const friend = await RawPhone.call(gateway.ports.sip, 'bleed', { hz: 880, amplitude: 8192 });
  try {
    const packet = Buffer.alloc(172, 0x2a);
    packet.set([0x80, 8, 0, 0]);
    packet.writeUInt32BE(0x1234_5678, 8);
    const rtcp = Buffer.from([0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78]);
    let sequence = 0;
    const spray = () => {
      for (const far of [victim.far, friend.far])
        for (let port = far - 2; port <= far + 3; port++) {
          packet.writeUInt16BE(sequence++ & 0xffff, 2);
          evil.send(packet, port, '127.0.0.1');
          evil.send(rtcp, port, '127.0.0.1');
        }
    };
    const spraying = setInterval(spray, 10);
    await eventually(
      'both have heard for 3 s',
      20_000,
      () => friend.heardFrames > 150 && victim.heardFrames > 150,
    );
    await victim.offer('pcma');
    await eventually('and for 2 s more', 20_000, () => friend.heardFrames > 250 && victim.heardFrames > 250);
    clearInterval(spraying);
    expect(got).toBe(0);
    const { samples, sampleRate } = friend.heard();
    const last = samples.subarray(samples.length - 2 * sampleRate);
    expect(toneLevel(last, sampleRate, 440)).toBeGreaterThan(-20);
    // The attacker's packets are one level of A-law, over and over: a constant that no phone sends.
    expect(Math.abs(last.reduce((sum, sample) => sum + sample, 0) / last.length)).toBeLessThan(200);
    const drops = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(drops).toMatch(
      /trunkroom_dropped_total\{where="rtp",reason="source-not-(allowed|latched)"\} [1-9]/,
    );
    await victim.hangUp();
    await friend.hangUp();
  } finally {
    evil.close();
    victim.close();
    friend.close();
  }
});
