import { expect, test } from 'vitest';
import { readBrowserSdp } from '../../../src/sdp/browser.ts';
import { answerSections, writeBrowserSdp } from '../../../src/sdp/browser-write.ts';
import { browserOffer, section } from '../peer/offer.ts';

const local = {
  sessionId: '1',
  version: 1,
  ice: { ufrag: 'abcd', pwd: 'x'.repeat(24) },
  fingerprint: { algorithm: 'sha-256', value: 'AB' },
  candidates: [],
};

/** Chromium's offer of a camera, with `lines` behind it. */
function offer(lines: readonly string[]): string {
  const extensions = [
    'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
    'a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  ];
  return (
    browserOffer([
      { mid: '0', kind: 'video' },
      { mid: '1', kind: 'video', direction: 'sendonly', cid: 'c' },
    ]).replaceAll('a=rtcp-mux\r\n', `a=rtcp-mux\r\n${extensions.join('\r\n')}\r\n`) +
    lines.map((line) => `${line}\r\n`).join('')
  );
}

const rids = ['a=rid:q send', 'a=rid:h send', 'a=rid:f send'];

test('every size is taken, and m-lines without any agree to the extension too', () => {
  const read = readBrowserSdp(offer([...rids, 'a=simulcast:send q;h;f']));
  if (!read.ok) throw new Error(read.error);
  expect(read.value.media[1]?.simulcast).toEqual({ rids: ['q', 'h', 'f'], ridExtension: 10 });
  const sections = answerSections(read.value, ({ codecs, extensions, mid, simulcast }) =>
    mid === '1'
      ? { type: 'receive', codecs: codecs.slice(0, 1), extensions, simulcast }
      : { type: 'idle', codecs: codecs.slice(0, 1), extensions },
  );
  const answer = writeBrowserSdp('passive', sections, local);
  expect(section(answer, '1')).toContain(
    'a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n',
  );
  for (const mid of ['0', '1']) {
    expect(section(answer, mid)).toContain('a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n');
    expect(section(answer, mid)).toContain(
      'a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n',
    );
  }
  expect(section(answer, '0')).not.toContain('simulcast');
});

test.each([
  ['a paused stream and an alternative', ['a=simulcast:send ~q,x;h;f'], ['q', 'h', 'f']],
  ['a stream that no line explains', ['a=simulcast:send q;h;z'], ['q', 'h']],
  ['both directions', ['a=simulcast:recv z send q;f'], ['q', 'f']],
  ['one stream alone', ['a=simulcast:send q'], undefined],
  ['what the browser would receive', ['a=simulcast:recv q;h'], undefined],
  ['names that are none', ['a=rid:q=\u0001 send', 'a=simulcast:send q=\u0001;%%'], undefined],
])('%s', (_, lines, expected) => {
  const read = readBrowserSdp(offer([...rids, ...lines]));
  expect(read.ok && read.value.media[1]?.simulcast?.rids).toEqual(expected);
});

test('sizes that packets could not be told apart by are not taken', () => {
  const text = offer([...rids, 'a=simulcast:send q;h']).replaceAll(/a=extmap:10 .*\r\n/g, '');
  const read = readBrowserSdp(text);
  expect(read.ok && read.value.media[1]?.simulcast).toBeUndefined();
});
