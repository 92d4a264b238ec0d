import { describe, expect, test } from 'vitest';
import { fromUtf8, hex } from '../../../src/base/bytes.ts';
import type { Flow } from '../../../src/sip/ports.ts';
import { hepPacket } from '../../../src/trace/hep.ts';
import { pcapng } from '../../../src/trace/pcapng.ts';
import { TraceRecorder } from '../../../src/trace/recorder.ts';
import { FLOW, INVITE, message } from './messages.ts';

/** Blocks of a pcapng file as [type, body]; throws when their lengths do not agree. */
function blocks(file: Uint8Array): [number, DataView][] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const found: [number, DataView][] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, true);
    expect(length % 4).toBe(0);
    expect(view.getUint32(at + length - 4, true)).toBe(length);
    found.push([view.getUint32(at, true), new DataView(file.buffer, file.byteOffset + at + 8, length - 12)]);
    at += length;
  }
  return found;
}

describe('pcapng', () => {
  function fileOf(flow: Flow, bytes: Uint8Array): Uint8Array {
    const recorder = new TraceRecorder({ unixMs: () => 1_700_000_000_123.456 });
    recorder.observe('in', bytes, flow);
    return pcapng(recorder.all()[0]!);
  }

  test('has a section, an interface, and each message as an IP packet', () => {
    const bytes = message(INVITE, 'a');
    const [section, port, packet, ...more] = blocks(
      fileOf({ ...FLOW, local: { address: '192.0.2.1', port: 5060 } }, bytes),
    );
    expect(more).toEqual([]);
    expect(section?.[0]).toBe(0x0a0d0d0a);
    expect(section?.[1].getUint32(0, true)).toBe(0x1a2b3c4d);
    expect(port?.[0]).toBe(1);
    expect(port?.[1].getUint16(0, true)).toBe(101);
    const body = packet![1];
    const micros = (BigInt(body.getUint32(4, true)) << 32n) | BigInt(body.getUint32(8, true));
    expect(micros).toBe(1_700_000_000_123_456n);
    const length = body.getUint32(12, true);
    const ip = new Uint8Array(body.buffer, body.byteOffset + 20, length);
    expect(hex(ip.subarray(0, 2))).toBe('4500');
    expect(hex(ip.subarray(12, 20))).toBe('c000020ac0000201');
    expect(hex(ip.subarray(20, 24))).toBe('13d813c4');
    expect(ip.subarray(28)).toEqual(bytes);
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += (ip[i]! << 8) | ip[i + 1]!;
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
  });

  test('IPv6, with a socket that listens on every address', () => {
    const flow: Flow = { ...FLOW, remote: { address: '2001:db8::1', port: 5080 } };
    const body = blocks(fileOf(flow, message(INVITE, 'a')))[2]![1];
    const ip = new Uint8Array(body.buffer, body.byteOffset + 20, 48);
    expect(ip[0]! >> 4).toBe(6);
    expect(hex(ip.subarray(8, 24))).toBe('20010db8000000000000000000000001');
    expect(hex(ip.subarray(24, 40))).toBe('0'.repeat(32));
  });

  test('a message of 64 kB fits', () => {
    const file = fileOf(FLOW, message(INVITE, 'a', [], 'x'.repeat(65_500)));
    expect(blocks(file)).toHaveLength(3);
  });
});

describe('HEPv3', () => {
  const identity = { captureId: 2001, authKey: 'key' };
  const payload = message(INVITE, 'a');

  /** Chunks as type to data; throws when lengths do not agree. */
  function chunks(packet: Uint8Array): Map<number, Uint8Array> {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
    expect(fromUtf8(packet.subarray(0, 4))).toBe('HEP3');
    expect(view.getUint16(4)).toBe(packet.length);
    const found = new Map<number, Uint8Array>();
    for (let at = 6; at < packet.length; ) {
      expect(view.getUint16(at)).toBe(0);
      const length = view.getUint16(at + 4);
      found.set(view.getUint16(at + 2), packet.slice(at + 6, at + length));
      at += length;
    }
    return found;
  }

  test('carries what the collector needs', () => {
    const capture = { unixMs: 1_700_000_000_123.5, way: 'in' as const, flow: FLOW, payload, callId: 'a' };
    const found = chunks(hepPacket(capture, identity));
    const text = (type: number) => hex(found.get(type) ?? new Uint8Array(0));
    expect([1, 2, 3, 4, 7, 8].map(text)).toEqual(['02', '11', 'c000020a', '00000000', '13d8', '13c4']);
    expect(text(9)).toBe((1_700_000_000).toString(16));
    expect(text(10)).toBe((123_500).toString(16).padStart(8, '0'));
    expect([11, 12].map(text)).toEqual(['01', '000007d1']);
    expect(fromUtf8(found.get(14)!)).toBe('key');
    expect(fromUtf8(found.get(17)!)).toBe('a');
    expect(found.get(15)).toEqual(payload);
  });

  test('what we sent goes the other way; TCP and IPv6 say so', () => {
    const flow: Flow = { ...FLOW, transport: 'tls', remote: { address: '2001:db8::1', port: 5061 } };
    const capture = { unixMs: 0, way: 'out' as const, flow, payload, callId: undefined };
    const found = chunks(hepPacket(capture, { captureId: 1, authKey: undefined }));
    expect(found.get(1)).toEqual(Uint8Array.of(10));
    expect(found.get(2)).toEqual(Uint8Array.of(6));
    expect(hex(found.get(6)!)).toBe('20010db8000000000000000000000001');
    expect([3, 4, 14, 17].map((type) => found.has(type))).toEqual([false, false, false, false]);
  });
});
