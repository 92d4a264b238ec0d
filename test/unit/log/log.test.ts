import { describe, expect, test } from 'vitest';
import { DropSampler } from '../../../src/adapters/log/drop-sampler.ts';
import { eventLog } from '../../../src/adapters/log/event-log.ts';
import { type LogOptions, openLog } from '../../../src/adapters/log/pino-log.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { everyEvent, SECRET_DIGIT, SECRET_NUMBER } from '../../support/every-event.ts';

/** A log into memory. */
function memory(options: Partial<LogOptions> & { isTTY?: boolean } = {}) {
  const lines: string[] = [];
  const output = { isTTY: options.isTTY === true, write: (text: string) => lines.push(text) };
  return { lines, log: openLog({ level: 'debug', format: 'json', ...options, output }) };
}

describe('events', () => {
  test('each gives one line with its level, without number, secret or key', () => {
    const { lines, log } = memory();
    const sink = eventLog(log, { now: () => 0 });
    for (const event of everyEvent) sink(event);
    expect(lines).toHaveLength(everyEvent.length);
    for (const [index, line] of lines.entries()) {
      const fields = JSON.parse(line) as Record<string, unknown>;
      expect(fields['event']).toBe(everyEvent[index]!.type);
      expect(fields['msg']).toBeTruthy();
      expect(line).not.toContain(SECRET_NUMBER.slice(1));
      expect(line).not.toContain(SECRET_NUMBER.slice(4));
      if (fields['event'] === 'call.dtmf') expect(line).not.toContain(`"${SECRET_DIGIT}"`);
    }
  });

  test('what is left of a number tells calls apart; addresses stay whole', () => {
    const { lines, log } = memory();
    const sink = eventLog(log, { now: () => 0 });
    for (const event of everyEvent) sink(event);
    const text = lines.join('');
    expect(text).toContain('"from":"+6012345…"');
    expect(text).toContain('"identity":"sip_+6012345…"');
    expect(text).toContain('"room":"call_+6012345…_x"');
    expect(text).toContain('"source":"192.168.100.200"');
    expect(text).toContain('"source":"192.0.2.9:5060"');
  });

  test('an ending that was our fault is a warning', () => {
    const { lines, log } = memory();
    const ending = { cause: 'internal-error', sipStatus: 500, q850: 41, fault: 'server' } as const;
    eventLog(log, { now: () => 0 })({ type: 'call.ended', call: 'SCL_a', ending, durationMs: 1 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 40 });
  });

  test('a flood is a line every ten seconds with the sum', () => {
    const { lines, log } = memory();
    let now = 0;
    const sink = eventLog(log, { now: () => now });
    for (; now < 25_000; now += 10) sink({ type: 'dropped', where: 'sip', reason: 'no-trunk', count: 2 });
    expect(lines.map((line) => (JSON.parse(line) as { count: number }).count)).toEqual([2, 2000, 2000]);
  });

  test('refused calls are told one by one, a storm of them in sum', () => {
    const { lines, log } = memory();
    const sink = eventLog(log, { now: () => 0 });
    const refused: GatewayEvent = {
      type: 'call.refused',
      sipCallId: 'a',
      source: '192.0.2.1',
      reason: 'no-rule',
      status: 404,
    };
    for (let i = 0; i < 20; i++) sink(refused);
    expect(lines).toHaveLength(20);
    for (let i = 0; i < 10_000; i++) sink(refused);
    expect(lines.length).toBeLessThan(110);
  });
});

test('the sampler stays small whatever kinds there are', () => {
  const sampler = new DropSampler();
  let written = 0;
  for (let i = 0; i < 10_000; i++) if (sampler.add(`kind ${i}`, 1, 0) !== undefined) written++;
  expect(written).toBeLessThanOrEqual(257);
});

describe('the log', () => {
  test('keeps to its level', () => {
    const { lines, log } = memory({ level: 'warn' });
    log.info({}, 'quiet');
    log.warn({}, 'loud');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['loud']);
  });

  test('hides what is secret by name', () => {
    const { lines, log } = memory();
    log.info({ secret: 'hush', turn: { credential: 'hush', username: 'u' }, authorization: 'hush' }, 'x');
    expect(lines[0]).not.toContain('hush');
    expect(lines[0]).toContain('"username":"u"');
  });

  test('a value cannot forge a line', () => {
    for (const format of ['json', 'pretty'] as const) {
      const { lines, log } = memory({ format });
      log.info({ from: 'a\n{"level":60,"msg":"forged"}' }, 'x');
      expect(lines.join('').trim().split('\n')).toHaveLength(1);
    }
  });

  test('is for people on a terminal and for machines elsewhere', () => {
    const person = memory({ format: 'auto', isTTY: true });
    person.log.info({ port: 5060 }, 'ready');
    expect(person.lines.join('')).toMatch(/INFO.*ready/);
    const machine = memory({ format: 'auto' });
    machine.log.info({ port: 5060 }, 'ready');
    expect(JSON.parse(machine.lines[0]!)).toMatchObject({ port: 5060, msg: 'ready' });
  });
});
