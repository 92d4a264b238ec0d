import { beforeEach, describe, expect, test } from 'vitest';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { ladder, summary } from '../../../src/trace/ladder.ts';
import { TraceRecorder } from '../../../src/trace/recorder.ts';
import { FLOW, INVITE, message } from './messages.ts';

let now: number;
let recorder: TraceRecorder;
let stages: string[];

function record(limits: Partial<{ calls: number; messages: number; bytes: number }> = {}): void {
  recorder = new TraceRecorder(
    { unixMs: () => now },
    { calls: 10, messages: 50, bytes: 1_000_000, ...limits },
  );
  recorder.onStage = (call, stage, ms) => stages.push(`${call} ${stage} ${ms}`);
}

beforeEach(() => {
  now = 1_700_000_000_000;
  stages = [];
  record();
});

const received = (sipCallId: string, call: string): GatewayEvent => ({
  type: 'call.received',
  call,
  sipCallId,
  trunk: 'carrier',
  from: '+60123456789',
  to: '600',
  source: '192.0.2.10:5080',
  transport: 'udp',
});

describe('a call', () => {
  test('shows as a ladder of messages and stages', () => {
    recorder.observe('in', message(INVITE, 'a', [], 'v=0\r\nm=audio 4000 RTP/AVP 8\r\n'), FLOW);
    recorder.observe('out', message('SIP/2.0 100 Trying', 'a'), FLOW);
    recorder.sink(received('a', 'SCL_a'));
    now += 20;
    recorder.sink({ type: 'call.joined', call: 'SCL_a', room: 'r' });
    now += 100;
    recorder.observe('out', message('SIP/2.0 200 OK', 'a'), FLOW);
    recorder.sink({ type: 'call.answered', call: 'SCL_a', room: 'r', codec: 'PCMA', setupMs: 120 });
    const trace = recorder.find('SCL_a')!;
    expect(recorder.find('a')).toBe(trace);
    expect(ladder(trace, 'lines').split('\n')).toEqual([
      'call SCL_a, Call-ID a, begun 2023-11-14T22:13:20.000Z',
      '   +0.000 --> 192.0.2.10:5080 udp  INVITE sip:600@192.0.2.1 SIP/2.0 (SDP)',
      '   +0.000 <-- 192.0.2.10:5080 udp  100 Trying [1 INVITE]',
      '   +0.000    * trunk carrier matched',
      '   +0.020    * room r joined',
      '   +0.120 <-- 192.0.2.10:5080 udp  200 OK [1 INVITE]',
      '   +0.120    * answered, PCMA, room r, 120 ms after the INVITE',
      '',
    ]);
    expect(ladder(trace, 'full')).toContain('Call-ID: a\n');
    expect(summary(trace)).toContain('SCL_a  a  192.0.2.10:5080  3 messages  answered');
    expect(stages).toEqual(['SCL_a matched 0', 'SCL_a joined 20', 'SCL_a answered 120']);
  });

  test('that was placed has a trace for each target that was tried', () => {
    for (const sipCallId of ['one', 'two']) {
      recorder.observe('out', message(INVITE, sipCallId), FLOW);
      recorder.sink({ type: 'call.dialled', call: 'SCL_b', sipCallId, target: '192.0.2.10:5080' });
    }
    recorder.sink({ type: 'call.ringing', call: 'SCL_b' });
    expect(recorder.find('SCL_b')?.callId).toBe('two');
    expect(ladder(recorder.find('SCL_b')!, 'lines')).toMatch(
      /<-- .*INVITE[\s\S]*sent to 192\.0\.2\.10:5080[\s\S]*ringing/,
    );
    expect(recorder.find('one')?.stages.map(({ stage }) => stage)).toEqual(['sent to 192.0.2.10:5080']);
    for (let i = 0; i < 9; i++) recorder.observe('in', message(INVITE, `call-${i}`), FLOW);
    expect(recorder.find('one')).toBeUndefined();
    expect(recorder.find('SCL_b')?.callId).toBe('two');
  });

  test('that was refused says why', () => {
    recorder.observe('in', message(INVITE, 'a'), FLOW);
    const refused = { source: '192.0.2.10:5080', reason: 'no-rule', status: 404 };
    recorder.sink({ type: 'call.refused', sipCallId: 'a', ...refused });
    expect(ladder(recorder.find('a')!, 'lines')).toContain('* refused: no-rule (404)');
  });

  test('keeps no key that was pressed', () => {
    recorder.observe('in', message(INVITE, 'a'), FLOW);
    recorder.sink(received('a', 'SCL_a'));
    recorder.sink({ type: 'call.dtmf', call: 'SCL_a', digit: '7', durationMs: 100 });
    expect(recorder.find('a')?.stages).toHaveLength(1);
  });

  test('cannot command the terminal that it is read on', () => {
    recorder.observe(
      'in',
      message('INVITE sip:\u001b[2J@a SIP/2.0', 'a\u009b1m', ['X: \u001b]0;x\u0007']),
      FLOW,
    );
    const text = ladder(recorder.all()[0]!, 'full') + summary(recorder.all()[0]!);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

test('a message is kept as it came, byte for byte, also what is no text', () => {
  for (const odd of [[0x41], [0xc3, 0xa9], [0xff], [0xf0, 0x9f, 0x8e, 0xb5], [0xc3, 0x28, 0]]) {
    const bytes = new Uint8Array([...message(INVITE, 'a'), ...odd]);
    record();
    recorder.observe('in', bytes, FLOW);
    // The receiver's memory is its own again.
    const came = bytes.slice();
    bytes.fill(0);
    expect(recorder.find('a')?.messages[0]?.bytes).toEqual(came);
    expect(recorder.bytes).toBe(came.length);
  }
});

describe('bounds', () => {
  test('only an INVITE begins a trace', () => {
    for (const start of ['OPTIONS sip:a SIP/2.0', 'BYE sip:a SIP/2.0', 'SIP/2.0 200 OK', 'x'])
      recorder.observe('in', message(start, 'a'), FLOW);
    recorder.observe('in', new Uint8Array(0), FLOW);
    expect(recorder.calls).toBe(0);
  });

  test('the last calls are kept, and nothing of those before', () => {
    for (let i = 0; i < 1000; i++) {
      recorder.observe('in', message(INVITE, `call-${i}`), FLOW);
      recorder.sink(received(`call-${i}`, `SCL_${i}`));
    }
    expect(recorder.calls).toBe(10);
    expect(recorder.find('SCL_989')).toBeUndefined();
    expect(recorder.find('SCL_990')).toBeDefined();
    expect(recorder.bytes).toBeLessThan(2000);
    expect(recorder.all()[0]?.call).toBe('SCL_999');
  });

  test('one call keeps so many messages, and counts the rest', () => {
    record({ messages: 5 });
    for (let i = 0; i < 20; i++) recorder.observe('in', message(INVITE, 'a'), FLOW);
    const trace = recorder.find('a')!;
    expect(trace.messages).toHaveLength(5);
    expect(ladder(trace, 'lines')).toContain('and 15 messages more');
  });

  test('bytes of all together', () => {
    record({ bytes: 10_000 });
    for (let i = 0; i < 50; i++)
      recorder.observe('in', message(INVITE, `call-${i}`, [], 'x'.repeat(4000)), FLOW);
    expect(recorder.bytes).toBeLessThan(12_000);
    expect(recorder.calls).toBeLessThan(4);
  });

  test('none at all when it is off', () => {
    record({ calls: 0 });
    recorder.observe('in', message(INVITE, 'a'), FLOW);
    expect(recorder.calls).toBe(0);
  });
});
