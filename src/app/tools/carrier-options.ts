import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../base/result.ts';
import type { PhoneCodec } from '../../sdp/phone-codec.ts';
import { commandLineFault, integerOption } from '../command-line.ts';
import { parseTarget, type Target } from './target.ts';
import { TOOL_CODECS, toolCodec } from './tool-codec.ts';

export const CARRIER_HELP = `Behaves as a carrier: many calls with audio, each with its own tone, and checks what comes back.

  npm run carrier -- --calls 50 --rate 5 [options]

    --calls N         calls in all (default 10)
    --rate N          new calls a second (default 5)
    --seconds N       how long each call is held after its answer (default 10)
    --target URI      whom to call (default sip:lobby@127.0.0.1:5060)
    --rooms N         rooms that the calls are spread over: lobby-1, lobby-2 … (default: one for four calls)
    --codec NAME      PCMA (default), PCMU, G722 or OPUS
    --gap MS          the longest break in the RTP that is let pass (default 100)

  A call is good when it was answered, its RTP came without loss and without a long break, it heard every other
  caller of its room and did not hear itself. Ctrl-C hangs all up. Exit code: 0 when all calls were good, 1 when one
  was not, 2 when the command line is wrong.
`;

export interface CarrierOptions {
  readonly calls: number;
  /** New calls a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly target: Target;
  readonly rooms: number;
  readonly codec: PhoneCodec;
  /** The longest break in a call's RTP that is let pass, ms. */
  readonly longestGapMs: number;
}

/** Calls in a room when it is not said otherwise. */
const CALLS_PER_ROOM = 4;

/** Reads the command line; `help` when that was asked for. The fault is a sentence. */
export function parseCarrierOptions(args: readonly string[]): Result<CarrierOptions | 'help', string> {
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse(args).values;
  } catch (error) {
    return fail(commandLineFault(error));
  }
  if (values.help === true) return ok('help');
  const target = parseTarget(values.target ?? 'sip:lobby@127.0.0.1:5060');
  if (!target.ok) return target;
  const calls = integerOption('--calls', values.calls ?? '10', 1, 1000);
  if (!calls.ok) return calls;
  const rate = integerOption('--rate', values.rate ?? '5', 1, 200);
  if (!rate.ok) return rate;
  const seconds = integerOption('--seconds', values.seconds ?? '10', 1, 3600);
  if (!seconds.ok) return seconds;
  const byDefault = Math.ceil(calls.value / CALLS_PER_ROOM);
  const rooms = integerOption('--rooms', values.rooms ?? String(byDefault), 1, calls.value);
  if (!rooms.ok) return rooms;
  const codec = toolCodec(values.codec ?? 'PCMA');
  if (codec === undefined) return fail(`--codec is one of ${TOOL_CODECS.join(', ')}`);
  const gap = integerOption('--gap', values.gap ?? '100', 20, 60_000);
  if (!gap.ok) return gap;
  return ok({
    calls: calls.value,
    rate: rate.value,
    seconds: seconds.value,
    target: target.value,
    rooms: rooms.value,
    codec,
    longestGapMs: gap.value,
  });
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h' },
      calls: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      target: { type: 'string' },
      rooms: { type: 'string' },
      codec: { type: 'string' },
      gap: { type: 'string' },
    },
  });
}
