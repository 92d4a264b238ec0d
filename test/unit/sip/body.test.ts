import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromUtf8, utf8 } from '../../../src/base/bytes.ts';
import { type Bodied, bodyFault, sdpOf } from '../../../src/sip/body.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n';

function message(headers: Record<string, string>, body: Uint8Array | string): Bodied {
  return { headers: new Map(Object.entries(headers)), body: typeof body === 'string' ? utf8(body) : body };
}

function multipart(...parts: (readonly [head: string, body: Uint8Array | string])[]): Bodied {
  const bytes = parts.map(([head, body]) =>
    concat([utf8(`--b1\r\n${head}\r\n\r\n`), typeof body === 'string' ? utf8(body) : body, utf8('\r\n')]),
  );
  return message({ 'content-type': 'multipart/mixed;boundary=b1' }, concat([...bytes, utf8('--b1--\r\n')]));
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && fromUtf8(bytes);
}

describe('SDP', () => {
  test('alone', () => {
    expect(text(sdpOf(message({ 'content-type': 'Application/SDP ;charset=utf-8' }, SDP)))).toBe(SDP);
    expect(sdpOf(message({ 'content-type': 'application/sdp' }, ''))).toBeUndefined();
    expect(sdpOf(message({ 'content-type': 'text/plain' }, SDP))).toBeUndefined();
    expect(sdpOf(message({}, SDP))).toBeUndefined();
  });

  test('beside ISUP of SIP-I, whose bytes are no text and may look like a boundary', () => {
    const isup = Uint8Array.from([1, 0, 0x2d, 0x2d, 0xff, 0xfe, 13, 10, 0x2d, 0x2d, 0x62]);
    const both = multipart(
      [
        'Content-Type: application/ISUP;version=itu-t92+\r\nContent-Disposition: signal;handling=optional',
        isup,
      ],
      ['Content-Type: application/sdp', SDP],
    );
    expect(text(sdpOf(both))).toBe(SDP);
    expect(bodyFault(both)).toBeUndefined();
  });

  test('in the compact form, folded, with a quoted boundary, a preamble, and after a delimiter that only begins alike', () => {
    const body = `hello\r\n--a b\r\nc: application/sdp;\r\n charset=utf-8\r\n\r\n${SDP}\r\n--a bc\r\n--a b  \r\n\r\nhi\r\n--a b--\r\n`;
    const folded = message({ 'content-type': 'multipart/mixed; boundary="a b"' }, body);
    expect(text(sdpOf(folded))).toBe(`${SDP}\r\n--a bc`);
    expect(bodyFault(folded)).toBeUndefined();
  });

  test('within another multipart, and when nobody closed it', () => {
    const inner = `--i\r\nContent-Type: application/sdp\r\n\r\n${SDP}`;
    const outer = multipart(['Content-Type: multipart/alternative;boundary=i', inner]);
    expect(text(sdpOf(outer))).toBe(SDP);
  });
});

describe('what must be refused', () => {
  test.each([
    ['another type alone', message({ 'content-type': 'text/plain' }, 'x'), 'type'],
    ['no type', message({}, 'x'), 'type'],
    [
      'another type alone that is optional',
      message({ 'content-type': 'text/plain', 'content-disposition': 'render;handling=optional' }, 'x'),
      undefined,
    ],
    ['nothing', message({ 'content-type': 'text/plain' }, ''), undefined],
    [
      'SDP in an encoding',
      message({ 'content-type': 'application/sdp', 'content-encoding': 'gzip' }, 'x'),
      'encoding',
    ],
    [
      'SDP as it is',
      message({ 'content-type': 'application/sdp', 'content-encoding': 'identity' }, 'x'),
      undefined,
    ],
    [
      'a part that is required',
      multipart(
        ['Content-Type: application/sdp', SDP],
        ['Content-Type: application/ISUP\r\nContent-Disposition: signal; handling=Required', 'x'],
      ),
      'type',
    ],
    [
      'a location, which says nothing of its handling',
      multipart(['Content-Type: application/sdp', SDP], ['Content-Type: application/pidf+xml', '<x/>']),
      undefined,
    ],
    [
      'a part of SDP in an encoding',
      multipart(['Content-Type: application/sdp\r\nContent-Encoding: gzip', SDP]),
      'encoding',
    ],
    ['several parts without a boundary', message({ 'content-type': 'multipart/mixed' }, 'x'), 'type'],
    [
      'several parts of which there are none',
      message({ 'content-type': 'multipart/mixed;boundary=b' }, 'x'),
      'type',
    ],
  ] as const)('%s: %#', (_name, its, wanted) => {
    expect(bodyFault(its)).toBe(wanted);
  });
});

test('whatever a body is, it is read to its end and no further', () => {
  const piece = fc.constantFrom(
    '--b1',
    '--b1--',
    '\r\n',
    '\r\n\r\n',
    'Content-Type: application/sdp',
    ' ',
    'x',
    '-',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const its = message({ 'content-type': 'multipart/mixed;boundary=b1' }, pieces.join(''));
      bodyFault(its);
      const sdp = sdpOf(its);
      if (sdp !== undefined) expect(fromUtf8(its.body)).toContain(fromUtf8(sdp));
    }),
  );
});

test('parts by the thousand, and deep in each other, are passed over', () => {
  const many = '--b1\r\n\r\nx\r\n'.repeat(6000);
  const last = '--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b1--';
  expect(sdpOf(message({ 'content-type': 'multipart/mixed;boundary=b1' }, many + last))).toBeUndefined();
  let deep = `Content-Type: application/sdp\r\n\r\n${SDP}`;
  for (let i = 0; i < 8; i++)
    deep = `Content-Type: multipart/mixed;boundary=x${i}\r\n\r\n--x${i}\r\n${deep}\r\n--x${i}--`;
  const [head = '', ...rest] = deep.split('\r\n\r\n');
  expect(sdpOf(message({ 'content-type': head.slice(14) }, rest.join('\r\n\r\n')))).toBeUndefined();
});
