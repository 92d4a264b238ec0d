/** RTP bleed and injection: somebody on another address, towards a call in plain RTP. 0 packets out, 0 frames in. */
import { describe, expect, test } from 'vitest';
import type { VirtualSocket } from '../../support/lossy-net.ts';
import { GATEWAY } from '../../support/virtual-gateway.ts';
import { rowWorld } from './raw-carrier.ts';

const ATTACKER = '10.0.6.6';

/** Somebody who sends RTP, RTCP and odds and ends to all ports about a call's, with what he gets of it. */
function attack(world: ReturnType<typeof rowWorld>) {
  const { carrier, net } = world;
  const sockets: VirtualSocket[] = [4000, 4001, 6666].map((port) => net.open(ATTACKER, port));
  let got = 0;
  for (const socket of sockets) socket.onDatagram = () => void got++;
  const loud = new Uint8Array(160).fill(0x2a);
  let sequence = 0;
  const spray = (around: number) => {
    const { ssrc, timestamp } = carrier.stream;
    for (const socket of sockets)
      for (let port = around - 4; port <= around + 4; port++) {
        const rtp = new Uint8Array(172);
        const view = new DataView(rtp.buffer);
        // The codec, the source and the numbers of the call itself.
        rtp.set([0x80, 8]);
        view.setUint16(2, (carrier.stream.sequence + sequence++) & 0xffff);
        view.setUint32(4, timestamp);
        view.setUint32(8, ssrc);
        rtp.set(loud, 12);
        socket.send(rtp, port, GATEWAY);
        socket.send(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 1), port, GATEWAY);
        socket.send(Uint8Array.of(0x80, 203, 0, 0), port, GATEWAY);
        socket.send(Uint8Array.of(0x80), port, GATEWAY);
      }
  };
  return { spray, got: () => got };
}

describe('an attacker gets nothing and is not heard', () => {
  test('before the first packet of the phone, and from the answer on', () => {
    const world = rowWorld();
    const { carrier, pass, heardFor, listener, finish } = world;
    const { spray, got } = attack(world);
    carrier.send('INVITE', { sdp: carrier.sdp() });
    pass(200);
    for (let i = 0; i < 50; i++) {
      spray(carrier.port);
      pass(20);
    }
    carrier.send('ACK', { cseq: 1 });
    const silence = listener.handset.recording(200).slice(-8000);
    expect(Math.max(...silence.map(Math.abs))).toBeLessThan(100);
    carrier.talk = { frameMs: 20, law: 'pcma' };
    pass(300);
    expect(heardFor(500)).toBeGreaterThan(-18);
    expect(got()).toBe(0);
    expect(carrier.rtp.length).toBeGreaterThan(60);
    finish();
  });

  test('in the call, on hold, and after re-INVITEs', () => {
    const world = rowWorld();
    const { carrier, gateway, establish, pass, heardFor, record, finish } = world;
    const { spray, got } = attack(world);
    establish();
    const stages: (() => void)[] = [
      () => {},
      () => carrier.send('INVITE', { cseq: 2, sdp: carrier.sdp(['m=audio 4000 RTP/AVP 8', 'a=sendonly']) }),
      () => carrier.send('INVITE', { cseq: 3, sdp: carrier.sdp() }),
      () => carrier.send('INVITE', { cseq: 4, sdp: carrier.sdp() }),
    ];
    for (const [at, begin] of stages.entries()) {
      begin();
      pass(60);
      if (at > 0) carrier.send('ACK', { cseq: at + 1 });
      for (let i = 0; i < 25; i++) {
        spray(carrier.port);
        pass(20);
      }
      expect(got(), `stage ${at}`).toBe(0);
      // The carrier's tone alone, or the silence of a hold: nothing of the attacker's.
      if (at === 1) expect(Math.max(...record(400).slice(1600).map(Math.abs))).toBeLessThan(100);
      else expect(heardFor(400), `stage ${at}`).toBeGreaterThan(-18);
    }
    const ended = gateway.events.filter(({ type }) => type === 'call.ended' || type === 'call.dtmf');
    expect(ended).toEqual([]);
    carrier.talk = undefined;
    pass(500);
    for (let i = 0; i < 50; i++) {
      spray(carrier.port);
      pass(20);
    }
    // The phone has fallen silent: nobody takes its place.
    expect(Math.max(...record(500).map(Math.abs))).toBeLessThan(100);
    expect(got()).toBe(0);
    finish();
  });
});

describe('media towards an address for which only the SDP speaks', () => {
  const elsewhere = (carrier: { sdp(lines?: readonly string[]): string }, address = '10.0.7.7') =>
    carrier.sdp().replace('c=IN IP4 10.0.1.9', `c=IN IP4 ${address}`);

  function world(trunk: Parameters<typeof rowWorld>[0] = {}) {
    const rows = rowWorld({ ...trunk, listener: 'none' });
    const victim = rows.net.open('10.0.7.7', 4000);
    const beside = rows.net.open('10.0.7.7', 4001);
    let got = 0;
    victim.onDatagram = beside.onDatagram = () => void got++;
    return { ...rows, victim, got: () => got };
  }

  test('waits for the ACK, though RTP comes from there; then it flows', () => {
    const { carrier, victim, got, pass, finish } = world();
    carrier.send('INVITE', { sdp: elsewhere(carrier) });
    pass(200);
    expect(carrier.finals('INVITE')).toEqual([200]);
    for (let i = 0; i < 400; i++) {
      carrier.speak({ frameMs: 20, law: 'pcma', from: victim });
      pass(20);
    }
    expect(got()).toBe(0);
    carrier.send('ACK', { cseq: 1 });
    pass(1000);
    expect(got()).toBeGreaterThanOrEqual(48);
    finish();
  });

  test('does not wait where the trunk names it, nor for where the signaling comes from', () => {
    const { carrier, got, pass, finish } = world({ trunk: { mediaAddresses: ['10.0.7.0/24'] } });
    carrier.send('INVITE', { sdp: elsewhere(carrier) });
    pass(1000);
    expect(got()).toBeGreaterThan(30);
    carrier.send('ACK', { cseq: 1 });
    pass(100);
    finish();
    const near = rowWorld({ listener: 'none' });
    near.carrier.send('INVITE', { sdp: near.carrier.sdp() });
    near.pass(1000);
    expect(near.carrier.rtp.length).toBeGreaterThan(30);
    near.carrier.send('ACK', { cseq: 1 });
    near.pass(100);
    near.finish();
  });
});
