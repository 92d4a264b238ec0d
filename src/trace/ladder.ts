import { fromUtf8 } from '../base/bytes.ts';
import { formatHostPort } from '../base/net.ts';
import type { CallTrace, TracedMessage } from './recorder.ts';

/** A call as a ladder, one line for each message and stage; `full` adds the messages themselves below. */
export function ladder(trace: CallTrace, detail: 'lines' | 'full'): string {
  const lines = [
    ...trace.messages.map((message) => ({ unixMs: message.unixMs, text: rung(message) })),
    ...trace.stages.map(({ unixMs, stage }) => ({ unixMs, text: `   * ${printable(stage)}` })),
  ];
  // Stable: what happened in the same millisecond stays in its order.
  lines.sort((a, b) => a.unixMs - b.unixMs);
  const body = lines.map(({ unixMs, text }) => `${time(trace, unixMs)} ${text}`);
  if (trace.lost > 0) body.push(`and ${trace.lost} messages more, which were not kept`);
  if (detail === 'full') body.push(...trace.messages.map((message) => whole(trace, message)));
  return `${[heading(trace), ...body].join('\n')}\n`;
}

/** One line that finds a call again: when, its ids, and what became of it. */
export function summary(trace: CallTrace): string {
  const last = trace.stages.at(-1)?.stage ?? '';
  const from = trace.messages[0]?.remote;
  const peer = from === undefined ? '' : formatHostPort(from);
  return [
    new Date(trace.begunAt).toISOString(),
    trace.call ?? '-',
    printable(trace.callId),
    peer,
    `${trace.messages.length} messages`,
    printable(last),
  ].join('  ');
}

function heading({ call, callId, begunAt }: CallTrace): string {
  return `call ${call ?? '(no trunk)'}, Call-ID ${printable(callId)}, begun ${new Date(begunAt).toISOString()}`;
}

/** Seconds since the INVITE. */
function time({ begunAt }: CallTrace, unixMs: number): string {
  return `+${((unixMs - begunAt) / 1000).toFixed(3)}`.padStart(9);
}

function rung({ way, remote, transport, bytes }: TracedMessage): string {
  const text = fromUtf8(bytes);
  const [startLine = ''] = text.split(/\r?\n/, 1);
  const method = /\ncseq[ \t]*:[ \t]*(\d+[ \t]+\S+)/i.exec(text)?.[1] ?? '';
  const arrow = way === 'in' ? '-->' : '<--';
  const sdp = /\nm=/.test(text) ? ' (SDP)' : '';
  const what = startLine.startsWith('SIP/2.0 ') ? `${startLine.slice(8)} [${method}]` : startLine;
  return `${arrow} ${formatHostPort(remote)} ${transport}  ${printable(what)}${sdp}`;
}

function whole(trace: CallTrace, message: TracedMessage): string {
  const text = fromUtf8(message.bytes).replaceAll('\r\n', '\n');
  return `\n${time(trace, message.unixMs)} ${rung(message)}\n${printable(text)}`;
}

/** What a far end wrote must not reach a terminal as a command to it. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
