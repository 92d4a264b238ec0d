import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../base/result.ts';
import type { PhoneCodec } from '../../sdp/phone-codec.ts';
import { commandLineFault, integerOption } from '../command-line.ts';
import { parseTarget, type Target } from './target.ts';
import { TOOL_CODECS, toolCodec } from './tool-codec.ts';

export const PHONE_HELP = `Dials over real SIP and RTP from the command line.

  npm run phone -- sip:lobby@127.0.0.1 [options]

  What it says (one of):
    --say TEXT        speaks TEXT, by espeak-ng; a melody where that is not installed (this is the default)
    --wav FILE        plays a WAV file in a loop (PCM, A-law or µ-law, any rate)
    --tone HZ         a steady tone
  What it does with what it hears:
    --record FILE     writes it to a WAV file
  How it calls:
    --codec NAME      PCMA, PCMU, G722 or OPUS; PCMA and PCMU are offered by default
    --from NUMBER     the number that it calls from (default 60312345678)
    --transport NAME  udp (default) or tcp
    --port N          local SIP port (default: any free one)
    --seconds N       hangs up after N seconds
    --dtmf DIGITS     keys DIGITS a second after the answer

  In the call: 0-9 * # and a-d are keyed, q hangs up.
  Exit code: 0 when the call was answered, 1 when it was not, 2 when the command line is wrong.
`;

/** What the phone says. */
export type Speech =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'wav'; readonly file: string }
  | { readonly kind: 'tone'; readonly hz: number };

export interface PhoneOptions {
  readonly target: Target;
  readonly speech: Speech;
  readonly record: string | undefined;
  readonly codecs: readonly PhoneCodec[];
  readonly from: string;
  readonly port: number;
  readonly seconds: number | undefined;
  readonly dtmf: string;
}

const GREETING = 'Hello. This is the test phone of Trunkroom. If you can hear me, the line works.';

/** Reads the command line; `help` when that was asked for. The fault is a sentence. */
export function parsePhoneOptions(args: readonly string[]): Result<PhoneOptions | 'help', string> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return fail(commandLineFault(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return ok('help');
  const [dialled, ...more] = positionals;
  if (dialled === undefined) return fail('whom to dial? For example sip:lobby@127.0.0.1');
  if (more.length > 0) return fail(`one target only, not also ${more.join(' ')}`);
  const target = parseTarget(dialled);
  if (!target.ok) return target;
  const speech = parseSpeech(values);
  if (!speech.ok) return speech;
  const codec = toolCodec(values.codec ?? 'PCMA');
  if (codec === undefined) return fail(`--codec is one of ${TOOL_CODECS.join(', ')}`);
  const transport = values.transport ?? target.value.transport;
  if (transport !== 'udp' && transport !== 'tcp') return fail('--transport is udp or tcp');
  if (!/^\+?[\w.-]{1,64}$/.test(values.from ?? '0')) return fail('--from is a number or a name');
  const dtmf = values.dtmf ?? '';
  if (!/^[0-9*#A-Da-d]{0,32}$/.test(dtmf)) return fail('--dtmf takes up to 32 of 0-9 * # A-D');
  const port = integerOption('--port', values.port ?? '0', 0, 65_535);
  if (!port.ok) return port;
  const seconds =
    values.seconds === undefined ? ok(undefined) : integerOption('--seconds', values.seconds, 1, 86_400);
  if (!seconds.ok) return seconds;
  return ok({
    target: { ...target.value, transport },
    speech: speech.value,
    record: values.record,
    codecs: values.codec === undefined ? ['PCMA', 'PCMU'] : [codec],
    from: values.from ?? '60312345678',
    port: port.value,
    seconds: seconds.value,
    dtmf,
  });
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      say: { type: 'string' },
      wav: { type: 'string' },
      tone: { type: 'string' },
      record: { type: 'string' },
      codec: { type: 'string' },
      from: { type: 'string' },
      transport: { type: 'string' },
      port: { type: 'string' },
      seconds: { type: 'string' },
      dtmf: { type: 'string' },
    },
  });
}

function parseSpeech(values: {
  say?: string | undefined;
  wav?: string | undefined;
  tone?: string | undefined;
}): Result<Speech, string> {
  const { say, wav, tone } = values;
  if ([say, wav, tone].filter((value) => value !== undefined).length > 1) {
    return fail('only one of --say, --wav and --tone');
  }
  if (wav !== undefined) return ok({ kind: 'wav', file: wav });
  if (tone === undefined) return ok({ kind: 'say', text: say ?? GREETING });
  const hz = integerOption('--tone', tone, 20, 3900);
  return hz.ok ? ok({ kind: 'tone', hz: hz.value }) : hz;
}
