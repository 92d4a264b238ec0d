/** Keys by INFO, both ways, beside those by RTP (RFC 4733). */
import { describe, expect, test } from 'vitest';
import { DtmfDetector } from '../../../src/audio/dtmf-detector.ts';
import { DtmfTones } from '../../../src/audio/dtmf-tones.ts';
import { decodeG711, encodeG711 } from '../../../src/audio/g711.ts';
import { KeyMerger, keyWays } from '../../../src/call/key-ways.ts';
import type { InboundTrunk } from '../../../src/trunk/trunk.ts';
import { rowWorld } from '../rows/raw-carrier.ts';

/** Type 101 is telephone-event: three ends of one key, as RFC 4733 section 2.5.1.4 has them. */
function pressByRtp(world: ReturnType<typeof rowWorld>, event: number): void {
  const { carrier, pass } = world;
  carrier.talk = undefined;
  for (const [end, duration] of [
    [0, 160],
    [0, 320],
    [0x80, 480],
    [0x80, 480],
    [0x80, 480],
  ] as const) {
    carrier.packet(101, Uint8Array.of(event, end | 10, duration >> 8, duration & 0xff));
    pass(20);
  }
  carrier.stream.timestamp += 1600;
}

function talking(
  headers: readonly string[] = [],
  lines: readonly string[] = ['m=audio 4000 RTP/AVP 8 101', 'a=rtpmap:101 telephone-event/8000'],
  keys: Pick<InboundTrunk, 'dtmf' | 'dtmfInband'> = {},
) {
  const world = rowWorld({ trunk: keys });
  const { carrier, gateway, pass } = world;
  const detector = new DtmfDetector(8000);
  const received = carrier.media.onDatagram;
  const frame = new Int16Array(160);
  let tonesHeard = '';
  carrier.media.onDatagram = (bytes, address, port) => {
    received(bytes, address, port);
    if (decodeG711('pcma', bytes, 12, bytes.length, frame, 0) === 160)
      tonesHeard += detector.push(frame)?.digit ?? '';
  };
  /** The carrier plays keys into its voice. */
  const play = (digits: string) => {
    carrier.talk = undefined;
    const tones = new DtmfTones(8000);
    for (const digit of digits) tones.press(digit, 100);
    const payload = new Uint8Array(160);
    while (tones.pull()) {
      encodeG711('pcma', tones.frame, 0, 160, payload, 0);
      carrier.packet(8, payload);
      carrier.stream.timestamp += 160;
      pass(20);
    }
  };
  carrier.send('INVITE', {
    sdp: carrier.sdp(lines),
    headers: [`Contact: <sip:far@${carrier.address}>`, ...headers],
  });
  pass(200);
  carrier.send('ACK', { cseq: 1 });
  pass(100);
  const info = (type: string, text: string) => {
    carrier.send('INFO', { body: [type, text] });
    pass(50);
    return carrier.finals('INFO').at(-1);
  };
  const heard = () =>
    gateway.events.flatMap((event) => (event.type === 'call.dtmf' ? [event.digit] : [])).join('');
  /** Somebody in the room presses keys for the phone. */
  const press = (digits: string) => {
    const room = gateway.rooms.find('lobby')!;
    const [listener, phone] = [...room.participants.values()];
    for (const digit of digits) room.pressKey(listener!, digit, [phone!.identity]);
    pass(2000);
    return {
      info: carrier.got
        .flatMap(({ text }) => (text.startsWith('INFO') ? [/Signal=(.)/.exec(text)![1]!] : []))
        .join(''),
      rtp: carrier.rtp.filter(({ payloadType }) => payloadType === 101).length > 0,
    };
  };
  return {
    ...world,
    info,
    heard,
    press,
    play,
    tonesHeard: () => tonesHeard,
    pressByRtp: (event: number) => pressByRtp(world, event),
  };
}

const relay = (digit: string) => `Signal=${digit}\r\nDuration=160\r\n`;

describe('INFO of a phone', () => {
  test('is a key, by either type; a flash and a body that is none change nothing', () => {
    const { info, heard, finish } = talking();
    expect(info('application/dtmf-relay', relay('5'))).toBe(200);
    expect(info('application/dtmf', '#')).toBe(200);
    expect(info('Application/DTMF-Relay; charset=utf-8', relay('1'))).toBe(200);
    expect(info('application/dtmf-relay', 'Signal=hf\r\n')).toBe(200);
    expect(info('application/dtmf-relay', '')).toBe(200);
    expect(info('application/dtmf-relay', 'nothing')).toBe(400);
    expect(info('application/media_control+xml', '<x/>')).toBe(415);
    expect(heard()).toBe('5#1');
    finish();
  });

  test('told by RTP and INFO it is one press, in either order; two presses are two', () => {
    const { info, heard, pressByRtp: rtp, pass, finish } = talking();
    rtp(5);
    info('application/dtmf-relay', relay('5'));
    expect(heard()).toBe('5');
    info('application/dtmf-relay', relay('5'));
    rtp(5);
    expect(heard()).toBe('55');
    rtp(7);
    pass(2500);
    info('application/dtmf-relay', relay('7'));
    expect(heard()).toBe('5577');
    finish();
  });
});

describe('tones within the voice of a phone', () => {
  test('are keys where its trunk says so, and one press though it comes in three ways', () => {
    const { play, info, heard, pressByRtp: rtp, pass, finish } = talking([], undefined, { dtmfInband: true });
    play('58');
    pass(300);
    expect(heard()).toBe('58');
    rtp(5);
    rtp(8);
    info('application/dtmf', '5');
    info('application/dtmf', '8');
    expect(heard()).toBe('58');
    play('5');
    pass(300);
    expect(heard()).toBe('585');
    finish();
  });

  test('are sound where it does not', () => {
    const { play, heard, pass, finish } = talking();
    play('58');
    pass(300);
    expect(heard()).toBe('');
    finish();
  });
});

describe('keys to a phone', () => {
  const withoutEvents = ['m=audio 4000 RTP/AVP 8'];

  test('by RTP where telephone-event is agreed on, whatever it allows', () => {
    const { press, finish } = talking(['Allow: INVITE, ACK, BYE, INFO']);
    expect(press('12')).toEqual({ info: '', rtp: true });
    finish();
  });

  test('by INFO where it is not and INFO is allowed: one after the other', () => {
    const { press, carrier, finish } = talking(['Allow: INVITE, ACK, BYE, INFO'], withoutEvents);
    expect(press('12#')).toEqual({ info: '12#', rtp: false });
    expect(carrier.last('INFO')).toMatch(/^Content-Type: application\/dtmf-relay\r$/m);
    finish();
  });

  test('as tones to who allows neither', () => {
    const { press, tonesHeard, finish } = talking([], withoutEvents);
    expect(press('15#')).toEqual({ info: '', rtp: false });
    expect(tonesHeard()).toBe('15#');
    finish();
  });

  test('as tones where the trunk wants them so, whatever the phone agreed on', () => {
    const { press, tonesHeard, finish } = talking(['Allow: INVITE, ACK, BYE, INFO'], undefined, {
      dtmf: 'inband',
    });
    expect(press('42')).toEqual({ info: '', rtp: false });
    expect(tonesHeard()).toBe('42');
    finish();
  });
});

test('the ways by a trunk’s mode', () => {
  const can = (hasEvents: boolean, allowsInfo: boolean | undefined) => ({ hasEvents, allowsInfo });
  expect(keyWays('info', can(true, undefined))).toEqual(['info']);
  expect(keyWays('both', can(true, true))).toEqual(['rtp', 'info']);
  expect(keyWays('both', can(false, undefined))).toEqual(['info']);
  expect(keyWays('rfc4733', can(false, undefined))).toEqual(['tone']);
  expect(keyWays('inband', can(true, true))).toEqual(['tone']);
});

test('who presses by one way only loses nothing, however fast', () => {
  const merger = new KeyMerger();
  const told = Array.from({ length: 100 }, (_, i) => merger.isNew('info', '1', i * 10));
  expect(told.every(Boolean)).toBe(true);
});
