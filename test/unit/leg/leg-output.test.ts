/** What a leg sends while its socket waits for the kernel. */
import { expect, it } from 'vitest';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import { LegOutput } from '../../../src/leg/leg-output.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { describePhone } from '../../support/media-phone.ts';

const TO = { address: '192.0.2.1', port: 4000 };

function output() {
  const sent: Uint8Array[] = [];
  const socket = {
    ...{ local: { address: '127.0.0.1', port: 9 }, onDatagram() {}, close() {} },
    queued: 0,
    /** As node:dgram: the caller's own bytes wait. */
    send: (bytes: Uint8Array) => void sent.push(bytes),
  };
  let congested = 0;
  const leg = new LegOutput(socket, new SeededRandom(5), () => congested++);
  leg.apply(voiceFormat('audio/pcma', '')!, describePhone(TO.address, TO.port));
  return { leg, socket, sent, congested: () => congested };
}

it('writes over nothing that waits for the kernel, however many it drops meanwhile', () => {
  const { leg, socket, sent, congested } = output();
  const first = leg.sender.sequence;
  for (let i = 0; i < 40; i++) {
    socket.queued = Math.min(i, 4);
    leg.frame(new Uint8Array(160).fill(i), 'sound', TO);
  }
  const view = new RtpView();
  const seen = sent.map((bytes) => {
    expect(parseRtp(bytes, bytes.length, view)).toBeUndefined();
    return [view.sequence, bytes[12], bytes[171]];
  });
  expect(seen).toEqual([0, 1, 2, 3].map((i) => [(first + i) & 0xffff, i, i]));
  expect(congested()).toBe(36);
  // RFC 3550 section 6.4.1: what was not transmitted is not counted, and the far end sees the numbers as missing.
  expect([leg.packets, leg.sender.octets]).toEqual([4, 640]);
  socket.queued = 0;
  leg.frame(new Uint8Array(160).fill(99), 'sound', TO);
  expect(parseRtp(sent[4]!, 172, view)).toBeUndefined();
  expect(view.sequence).toBe((first + 40) & 0xffff);
});
