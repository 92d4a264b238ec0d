import { expect, test } from 'vitest';
import type { HostPort, StreamConnection } from '../../../src/base/net.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { framedPacket } from '../../../src/ice/packet-framer.ts';
import { DropCounter } from '../../../src/media/drop-counter.ts';
import { IceStreams } from '../../../src/media/ice-streams.ts';
import { Mux, type MuxPeer, type MuxStream } from '../../../src/media/mux.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { Attribute } from '../../../src/stun/registry.ts';

const DTLS = Uint8Array.of(22, 254, 253);
const SRTP = Uint8Array.of(0x80, 8, 0, 1);

/** Takes every check for proof, as a transport does of a signed one. */
class TrustingPeer implements MuxPeer {
  readonly uneasy = false;

  onMediaFrom(): void {}

  readonly got: string[] = [];
  onCheck(_bytes: Uint8Array, address: string, port: number, _now: number, stream?: MuxStream): void {
    this.got.push(`check ${address}:${port}`);
    if (stream !== undefined) stream.peer = this;
  }
  onDtls(): void {
    this.got.push('dtls');
  }
  onSrtp(): void {
    this.got.push('srtp');
  }
  onSrtcp(): void {
    this.got.push('srtcp');
  }
  onStreamClosed(): void {
    this.got.push('closed');
  }
}

class Connection implements StreamConnection {
  readonly local: HostPort = { address: '192.0.2.1', port: 7881 };
  readonly remote: HostPort = { address: '198.51.100.7', port: 50_000 };
  queued = 0;
  closed = false;
  readonly written: Uint8Array[] = [];
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose();
  }
}

function rig() {
  const timers = new WakeQueue();
  const clock = { now: () => now };
  let now = 0;
  const drops = new DropCounter();
  const socket = {
    local: { address: '0.0.0.0', port: 7882 },
    queued: 0,
    onDatagram() {},
    send() {},
    close() {},
  };
  const mux = new Mux({ socket, clock, timers, drops });
  const peer = new TrustingPeer();
  mux.addUfrag('ours-ufrag', peer);
  const streams = new IceStreams({ mux, clock, timers, drops });
  const connection = new Connection();
  streams.accept(connection);
  return {
    ...{ mux, peer, streams, connection, timers },
    reasons: () => {
      const told: string[] = [];
      drops.flush((where, reason) => told.push(`${where} ${reason}`));
      return told;
    },
    advance: (ms: number) => {
      now += ms;
      timers.run(now);
    },
  };
}

function check(ufrag = 'ours-ufrag'): Uint8Array {
  return framedPacket(
    new StunBuilder(1, 'request', new Uint8Array(12))
      .text(Attribute.username, `${ufrag}:theirs`)
      .fingerprint()
      .finish(),
  );
}

test('nothing but checks passes before one of them was good, and all afterwards', () => {
  const { peer, connection, reasons } = rig();
  connection.onData(framedPacket(DTLS));
  connection.onData(framedPacket(SRTP));
  expect(peer.got).toEqual([]);
  expect(reasons()).toEqual(['mux dtls-unproven', 'mux rtp-unproven']);
  connection.onData(Buffer.concat([check(), framedPacket(DTLS), framedPacket(SRTP)]));
  expect(peer.got).toEqual(['check 198.51.100.7:50000', 'dtls', 'srtp']);
});

test('a check that comes too early is heard later, unless its connection has ended', () => {
  const { connection, mux } = rig();
  const [late, later] = [new TrustingPeer(), new TrustingPeer()];
  connection.onData(check('late-ufrag'));
  mux.addUfrag('late-ufrag', late);
  mux.replayEarly('late-ufrag');
  expect(late.got).toEqual(['check 198.51.100.7:50000']);
  connection.onData(check('later-ufrag'));
  connection.onClose();
  mux.addUfrag('later-ufrag', later);
  mux.replayEarly('later-ufrag');
  expect(later.got).toEqual([]);
});

test('who proves nothing for 10 s is closed, who did is not', () => {
  const idle = rig();
  idle.advance(9_999);
  expect(idle.connection.closed).toBe(false);
  idle.advance(1);
  expect([idle.connection.closed, idle.streams.size, idle.timers.size]).toEqual([true, 0, 0]);
  expect(idle.reasons()).toEqual(['mux tcp-unproven']);

  const proven = rig();
  proven.connection.onData(check());
  proven.advance(10_000);
  expect([proven.connection.closed, proven.streams.size]).toEqual([false, 1]);
});

test('a stream that is none is closed, and its peer hears of the end once', () => {
  const { peer, connection, streams, timers, reasons } = rig();
  connection.onData(check());
  connection.onData(Uint8Array.of(0xff, 0xff, 1));
  expect(peer.got).toEqual(['check 198.51.100.7:50000', 'closed']);
  expect([connection.closed, streams.size, timers.size]).toEqual([true, 0, 0]);
  expect(reasons()).toEqual(['mux tcp-bad-frame']);
});

test('what is sent has its length before it, and nothing is sent after the end', () => {
  const { peer, connection } = rig();
  let stream: MuxStream | undefined;
  peer.onCheck = (_bytes, _address, _port, _now, on) => {
    stream = on;
  };
  connection.onData(check());
  stream!.send(SRTP);
  expect(connection.written).toEqual([Uint8Array.of(0, 4, ...SRTP)]);
  connection.queued = 200_000;
  expect(stream!.congested).toBe(true);
  connection.close();
  stream!.send(SRTP);
  expect(connection.written).toHaveLength(1);
});
