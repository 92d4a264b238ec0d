import { expect, test } from 'vitest';
import { netcheckCommand } from '../../../src/app/netcheck/command.ts';
import { traceCommand } from '../../../src/app/trace-command.ts';
import { freePortBlock } from '../../support/free-ports.ts';

const USAGE = '\n\nusage: trunkroom ';

test('who calls a command wrongly is told why, and how it is called', async () => {
  const said = async (answer: Promise<{ text: string; exitCode: number }>) => {
    const { text, exitCode } = await answer;
    return [exitCode, text.slice(0, text.indexOf(USAGE))];
  };
  expect(await said(netcheckCommand([], {}))).toEqual([2, 'which gateway? Its URL is needed']);
  expect(await said(netcheckCommand(['ftp://a'], {}))).toEqual([2, 'ftp://a is no http: or https: URL']);
  expect(await said(netcheckCommand(['http://a', 'b'], {}))).toEqual([2, 'one URL only, not also b']);
  expect(await said(netcheckCommand(['http://a', '--token', 't', '--config', 'c'], {}))).toEqual([
    2,
    '--token or --config, not both',
  ]);
  expect(await said(traceCommand(['a', 'b'], {}))).toEqual([2, 'one call only, not also b']);
  expect(await said(traceCommand(['--pcapng', 'f'], {}))).toEqual([2, '--pcapng is of one call: name it']);
  expect(await said(traceCommand(['--colour'], {}))).toEqual([2, "Unknown option '--colour'"]);
});

test('who asks for help gets it', async () => {
  for (const answer of [await netcheckCommand(['-h'], {}), await traceCommand(['--help'], {})])
    expect(answer).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^usage: trunkroom /) });
});

test('a gateway that is not there is told in words', async () => {
  const port = await freePortBlock(1);
  const env = { TRUNKROOM_HTTP_PORT: `${port}`, TRUNKROOM_HTTP_ADDRESS: '127.0.0.1' };
  expect(await traceCommand(['--dev'], env)).toEqual({
    text: `no gateway answers at http://127.0.0.1:${port}/trace: refused: nothing listens there, or a firewall turns it away\n`,
    exitCode: 1,
  });
});
