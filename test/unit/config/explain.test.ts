import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { explainCommand } from '../../../src/app/explain.ts';

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
  expect(explain('--source', '127.0.0.1')).toMatchObject({
    text: expect.stringMatching(/^usage: /),
    exitCode: 2,
  });
  expect(explain('--nonsense')).toMatchObject({ exitCode: 2 });
  expect(explain('--source', '::1', '--called', '1')).toMatchObject({
    text: expect.stringMatching(/ keys: /),
    exitCode: 2,
  });
});
