import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { explainCommand } from '../../../src/app/explain.ts';
import { phone, world } from '../call/rig.ts';

const explain = (...args: string[]) => explainCommand(args, {});

test('a call that is let in: trunk, rule and room', () => {
  expect(explain('--dev', '--source', '127.0.0.1', '--called', 'lobby')).toEqual({
    text: [
      '+ trunk development: source matches, all numbers are served',
      '+ rule development: the room of the called number',
      'accepted: anonymous to lobby by trunk development, rule development',
      'room: lobby',
      '',
    ].join('\n'),
    exitCode: 0,
  });
});

test('a call that is not', () => {
  const { text, exitCode } = explain('--dev', '--source', '203.0.113.9', '--called', 'lobby');
  expect(text).toMatch(
    /^- trunk development: source 203\.0\.113\.9 is not in allowed_addresses\nrefused: no-trunk\n$/,
  );
  expect(exitCode).toBe(1);
});

test('by a transport that the trunk does not take', () => {
  const call = ['--dev', '--source', '127.0.0.1', '--to', 'lobby'];
  expect(explain(...call, '--transport', 'ws')).toEqual({
    text: '- trunk development: ws is not in transports\nrefused: no-trunk\n',
    exitCode: 1,
  });
  expect(explain(...call, '--transport', 'tls').exitCode).toBe(0);
  expect(explain(...call, '--transport', 'pigeon').exitCode).toBe(2);
});

test('numbers are normalised by the trunk\u2019s country', () => {
  const config = fileURLToPath(new URL('../../../config/trunks/nubitel.yaml', import.meta.url));
  const env = { TRUNKROOM_KEY_FILE: '/dev/null', TRUNKROOM_KEYS: 'k: a-secret-of-at-least-32-characters' };
  const args = [
    '--config',
    config,
    '--source',
    '203.0.113.10',
    '--called',
    '0312345678',
    '--caller',
    '0123456789',
  ];
  expect(explainCommand(args, env)).toMatchObject({
    text: expect.stringMatching(/room: support\n$/),
    exitCode: 0,
  });
});

test('arguments that are wrong, a configuration that is', () => {
  const saying = (...args: string[]) => {
    const { text, exitCode } = explain(...args);
    return [exitCode, text.slice(0, text.indexOf('\n\nusage: '))];
  };
  expect(saying('--source', '127.0.0.1')).toEqual([2, '--to is needed: the number that is dialled']);
  expect(saying('--to', '1')[1]).toBe('--source is needed: the address that the INVITE comes from');
  expect(saying('--to', '1', '--source', 'nowhere')[1]).toBe(
    '--source is an IPv4 or IPv6 address, not "nowhere"',
  );
  expect(saying('--to', '1', '--source', '::1', '--transport', 'sctp')[1]).toBe(
    '--transport is one of udp, tcp, tls, ws',
  );
  expect(saying('--nonsense')).toEqual([2, "Unknown option '--nonsense'"]);
  expect(explain('--help')).toMatchObject({ text: expect.stringMatching(/^usage: /), exitCode: 0 });
  expect(explain('--source', '::1', '--called', '1')).toMatchObject({
    text: expect.stringMatching(/ keys: /),
    exitCode: 2,
  });
});

const KEYS = { TRUNKROOM_KEY_FILE: '/dev/null', TRUNKROOM_KEYS: 'k: a-secret-of-at-least-32-characters' };
const REGISTER = fileURLToPath(new URL('../../../config/trunks/register.yaml', import.meta.url));

test('by the names that people use: from whom, to whom, from where', () => {
  const call = ['--from', '+60123456789', '--to', 'lobby', '--source', '127.0.0.1', '--dev'];
  expect(explain(...call)).toMatchObject({
    text: expect.stringContaining(
      'accepted: +60123456789 to lobby by trunk development, rule development\nroom: lobby',
    ),
    exitCode: 0,
  });
  expect(explain('--to', '1', '--source', '127.0.0.1', '--dev', '--privacy').exitCode).toBe(0);
});

test('a call for a registration, and one that only says so', () => {
  const [text, outbound] = [
    readFileSync(REGISTER, 'utf8'),
    'auth_password_file: /run/secrets/carrier-password',
  ];
  const file = join(mkdtempSync(join(tmpdir(), 'explain-')), 'register.yaml');
  writeFileSync(file, text.replace(outbound, 'auth_password: secret'));
  const call = ['--config', file, '--to', '0312345678', '--source', '203.0.113.10', '--from', '1'];
  expect(
    explainCommand([...call, '--registered', 'carrier-out', '--asserted', '+60199999999'], KEYS),
  ).toEqual({
    text: [
      '+ trunk carrier-in: source and called number +60312345678 match',
      '+ rule support: everyone into room support',
      'accepted: +60199999999 to +60312345678 by trunk carrier-in, rule support',
      'room: support',
      '',
    ].join('\n'),
    exitCode: 0,
  });
  expect(explainCommand(call, KEYS)).toEqual({
    text: '- trunk carrier-in: the Request-URI is not what carrier-out has registered\nrefused: no-number\n',
    exitCode: 1,
  });
});

test('rules that ask for a PIN: which there are, and which one a PIN chooses', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'explain-')), 'trunkroom.yaml');
  writeFileSync(
    file,
    [
      'trunks: [{id: local, allowed_addresses: [127.0.0.1]}]',
      'rules:',
      '  - {id: board, direct: {room_name: board, pin: "4711"}, answer: after-pin}',
      '  - {id: sales, direct: {room_name: sales, pin: "0815"}, answer: when-somebody, early_media: ringback}',
      '  - {id: open, direct: {room_name: lobby}}',
      '',
    ].join('\n'),
  );
  const call = ['--dev', '--config', file, '--source', '127.0.0.1', '--to', '100'];
  const asked = explain(...call);
  expect(asked.text.split('\n').slice(1)).toEqual([
    '+ rule board: by its PIN everyone into room board',
    '+ rule sales: by its PIN everyone into room sales',
    '~ rule open: board comes first',
    'asked for a PIN: anonymous to 100 by trunk local, rules board, sales',
    ...['answer: after-pin', 'room: board'],
    ...['answer: when-somebody, early media ringback', 'room: sales', ''],
  ]);
  expect(asked.text).not.toMatch(/4711|0815/);
  expect(explain(...call, '--pin', '0815').text).toMatch(/rule sales\nanswer: .*\nroom: sales\n$/);
  expect(explain(...call, '--pin', '1')).toMatchObject({ exitCode: 1 });
});

test('the log says of a refused call what is said here', () => {
  const { door, events } = world({ numbers: ['+60*'], allowedAddresses: ['192.0.2.0/24'], country: 'MY' });
  door.onInvite(phone({ to: '+4412345678' }).invite);
  const [refused] = events;
  const file = join(mkdtempSync(join(tmpdir(), 'explain-')), 'config.yaml');
  const trunk = '{ id: ST_office, allowed_addresses: [192.0.2.0/24], numbers: ["+60*"], country: MY }';
  writeFileSync(file, `keys: { k: a-secret-of-at-least-32-characters }\ntrunks:\n  - ${trunk}\n`);
  const call = ['--from', '+60312345678', '--to', '+4412345678', '--source', '192.0.2.9'];
  const { text } = explain('--config', file, ...call);
  expect(text).toContain('called number +4412345678 is not in numbers');
  expect(refused).toMatchObject({ type: 'call.refused', explanation: text.trimEnd() });
});
