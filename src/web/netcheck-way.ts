import { EchoTally } from '../netcheck/echo-tally.ts';
import type { Finding, Measured } from '../netcheck/findings.ts';
import type { Answer } from '../netcheck/messages.ts';
import type { Way } from '../netcheck/ways.ts';
import type { NetcheckLine } from './netcheck-line.ts';

/** How long a way may take to come up, ms. */
const CONNECT_MS = 8000;
/** Numbered messages, one each so many ms, and how long the last are waited for. */
const MESSAGES = 50;
const EVERY_MS = 40;
const PATIENCE_MS = 1000;
/** Bytes of a message: as long as a packet of a voice. */
const LENGTH = 80;
/** Codes of `icecandidateerror` that are a TURN server's own (RFC 8656); the browser has 7xx for what it met itself. */
const BROWSERS_OWN = 700;

type Reply = Extract<Answer, { type: 'answer' | 'refused' }>;

/** Tries one way by a peer connection that knows no other; never rejects. */
export async function tryWay(way: Way, line: NetcheckLine): Promise<Finding> {
  const { server } = way;
  const connection = new RTCPeerConnection({
    iceServers: server === undefined ? [] : [{ ...server, urls: [...server.urls] }],
    iceTransportPolicy: server === undefined ? 'all' : 'relay',
  });
  let detail = '';
  connection.addEventListener('icecandidateerror', ({ errorCode, errorText }) => {
    if (errorCode < BROWSERS_OWN) detail = `the relay refuses: ${errorCode} ${errorText}`.trimEnd();
  });
  const channel = connection.createDataChannel('_lossy', { ordered: false, maxRetransmits: 0 });
  try {
    await connection.setLocalDescription();
    const sdp = connection.localDescription?.sdp ?? '';
    const reply = await line.ask(
      { type: 'offer', way: way.id, sdp },
      (answer): answer is Reply =>
        (answer.type === 'answer' || answer.type === 'refused') && answer.way === way.id,
    );
    if (reply.type === 'refused')
      return { way, works: false, detail: `the gateway refuses: ${reply.reason}` };
    // A relay talks to the gateway by UDP, however it is reached itself.
    const transport = way.kind === 'tcp' ? 'tcp' : 'udp';
    await connection.setRemoteDescription({ type: 'answer', sdp: onlyBy(transport, reply.sdp) });
    if (!(await opened(channel))) return { way, works: false, detail };
    return { way, works: true, measured: await echoes(channel) };
  } catch (error) {
    return { way, works: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    connection.close();
  }
}

/** The answer without candidates of other transports (RFC 8839 section 5.1). */
function onlyBy(transport: string, sdp: string): string {
  const isOther = (text: string) => text.startsWith('a=candidate:') && text.split(' ')[2] !== transport;
  return sdp
    .split('\r\n')
    .filter((text) => !isOther(text))
    .join('\r\n');
}

function opened(channel: RTCDataChannel): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CONNECT_MS);
    const settle = (isOpen: boolean) => () => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    channel.addEventListener('open', settle(true), { once: true });
    channel.addEventListener('close', settle(false), { once: true });
  });
}

/** Sends numbered messages, none of them twice, and times those that come back. */
function echoes(channel: RTCDataChannel): Promise<Measured> {
  channel.binaryType = 'arraybuffer';
  const tally = new EchoTally();
  return new Promise((resolve) => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const finish = (): void => {
      clearInterval(ticking);
      clearTimeout(waiting);
      resolve(tally.measured);
    };
    const ticking = setInterval(() => {
      if (channel.readyState !== 'open') return finish();
      const message = new DataView(new ArrayBuffer(LENGTH));
      message.setUint32(0, tally.sent);
      tally.send(performance.now());
      channel.send(message);
      if (tally.sent < MESSAGES) return;
      clearInterval(ticking);
      waiting = setTimeout(finish, PATIENCE_MS);
    }, EVERY_MS);
    channel.addEventListener('message', ({ data }) => {
      if (!(data instanceof ArrayBuffer) || data.byteLength !== LENGTH) return;
      tally.receive(new DataView(data).getUint32(0), performance.now());
      if (tally.sent === MESSAGES && tally.complete) finish();
    });
  });
}
