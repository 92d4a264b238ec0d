import { type AudioFormat, encodingName } from './phone-codec.ts';
import type { Direction, PhoneMediaLine } from './phone-description.ts';

/** Our end of the session. `sessionId` stays for the whole call; `version` grows with each change of the text. */
export interface LocalSession {
  /** The announced address of our RTP. */
  readonly address: string;
  readonly port: number;
  readonly sessionId: number;
  readonly version: number;
}

/** An audio line of ours. */
export interface LocalAudio {
  readonly protocol: string;
  readonly formats: readonly AudioFormat[];
  readonly dtmf: number | undefined;
  readonly ptimeMs: number;
  readonly direction: Direction;
}

/** The text of our description; `lines` in the order of the session's m-lines, a foreign one stands refused. */
export function writePhoneSdp(local: LocalSession, lines: readonly (LocalAudio | PhoneMediaLine)[]): string {
  const family = local.address.includes(':') ? 'IP6' : 'IP4';
  const text = [
    'v=0',
    `o=- ${local.sessionId} ${local.version} IN ${family} ${local.address}`,
    's=-',
    `c=IN ${family} ${local.address}`,
    't=0 0',
    ...lines.flatMap((line) => ('ptimeMs' in line ? audioLines(local, line) : refusedLine(line))),
  ];
  return `${text.join('\r\n')}\r\n`;
}

/** RFC 3264 section 6: a stream is refused with port 0; the line itself stays in its place. */
function refusedLine({ type, protocol, formats }: PhoneMediaLine): string[] {
  return [`m=${type} 0 ${protocol} ${formats}`];
}

function audioLines(local: LocalSession, audio: LocalAudio): string[] {
  const payloadTypes = audio.formats.map(({ payloadType }) => payloadType);
  if (audio.dtmf !== undefined) payloadTypes.push(audio.dtmf);
  return [
    `m=audio ${local.port} ${audio.protocol} ${payloadTypes.join(' ')}`,
    ...audio.formats.map(
      (format) => `a=rtpmap:${format.payloadType} ${encodingName(format)}/${format.clockRate}`,
    ),
    // RFC 4733 section 2.4.1: the events of a keypad.
    ...(audio.dtmf === undefined
      ? []
      : [`a=rtpmap:${audio.dtmf} telephone-event/8000`, `a=fmtp:${audio.dtmf} 0-15`]),
    `a=ptime:${audio.ptimeMs}`,
    `a=${audio.direction}`,
  ];
}

/** What stands for our side after an offer/answer: kept with the call as plain data. */
export interface LocalDescription {
  readonly version: number;
  readonly text: string;
}

/**
 * Our next description: the same version when nothing else differs from `previous`, else one more (RFC 3264 section 8).
 */
export function revise(
  previous: LocalDescription | undefined,
  build: (version: number) => string,
): LocalDescription {
  if (previous === undefined) return { version: 1, text: build(1) };
  if (build(previous.version) === previous.text) return previous;
  const version = previous.version + 1;
  return { version, text: build(version) };
}
