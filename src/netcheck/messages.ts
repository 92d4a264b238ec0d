/**
 * What is said over the WebSocket of a connection test, as JSON texts. The gateway begins with `welcome`, and each question
 * after that has one answer. The test is over when either side closes.
 */

/** A port of the gateway's where media are received. */
export interface MediaPort {
  readonly transport: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

/** TURN servers with credentials of this test (RTCIceServer). */
export interface TestServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** What the page or the command asks. */
export type Question =
  /** How long the way of signaling is. */
  | { readonly type: 'ping'; readonly number: number }
  /** A browser's offer with one data channel `_lossy`, whose messages come back as they are. `way` is the asker's name for it. */
  | { readonly type: 'offer'; readonly way: string; readonly sdp: string }
  /** A place that answers ICE's checks (RFC 8445 section 7.3): for programs that have no WebRTC. */
  | { readonly type: 'stun' };

/** Why a question has no answer. */
export type TestRefusal = 'malformed' | 'too-many' | 'bad-offer' | 'no-worker';

/** What the gateway says. */
export type Answer =
  | {
      readonly type: 'welcome';
      /** Of all media workers: what a firewall must let through. */
      readonly media: readonly MediaPort[];
      readonly servers: readonly TestServer[];
      /** When the gateway ends the test, ms from now. */
      readonly lifeMs: number;
    }
  | { readonly type: 'pong'; readonly number: number }
  | { readonly type: 'answer'; readonly way: string; readonly sdp: string }
  | {
      readonly type: 'stun';
      readonly ufrag: string;
      readonly pwd: string;
      /** Of the one worker that answers. */
      readonly media: readonly MediaPort[];
    }
  | { readonly type: 'refused'; readonly reason: TestRefusal; readonly way: string };

/** Longest offer, characters: one m-line and a few dozen candidates. */
const MAX_SDP = 16_384;
/** Longest name of a way. */
const MAX_WAY = 64;

/** Reads a question; undefined for whatever is none. */
export function readQuestion(text: string): Question | undefined {
  const said = fieldsOf(text);
  switch (said?.['type']) {
    case 'ping': {
      const { number } = said;
      return typeof number === 'number' && Number.isSafeInteger(number)
        ? { type: 'ping', number }
        : undefined;
    }
    case 'offer': {
      const { way, sdp } = said;
      if (typeof way !== 'string' || way.length > MAX_WAY) return undefined;
      return typeof sdp === 'string' && sdp.length <= MAX_SDP ? { type: 'offer', way, sdp } : undefined;
    }
    case 'stun':
      return { type: 'stun' };
    default:
      return undefined;
  }
}

/** Reads what the gateway said; undefined for what is no answer: something else listens there, or a newer gateway. */
export function readAnswer(text: string): Answer | undefined {
  const said = fieldsOf(text);
  const strings = (...names: string[]) => names.every((name) => typeof said?.[name] === 'string');
  const isRight = () => {
    switch (said?.['type']) {
      case 'welcome':
        return isList(said['media'], isMediaPort) && isList(said['servers'], isServer);
      case 'pong':
        return typeof said['number'] === 'number';
      case 'answer':
        return strings('way', 'sdp');
      case 'stun':
        return strings('ufrag', 'pwd') && isList(said['media'], isMediaPort);
      case 'refused':
        return strings('reason', 'way');
      default:
        return false;
    }
  };
  return isRight() ? (said as unknown as Answer) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(text: string): Fields | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return isFields(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isList(value: unknown, isOne: (one: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((one: unknown) => isFields(one) && isOne(one));
}

function isMediaPort({ transport, address, port }: Fields): boolean {
  return (
    (transport === 'udp' || transport === 'tcp') && typeof address === 'string' && typeof port === 'number'
  );
}

function isServer({ urls, username, credential }: Fields): boolean {
  const texts = Array.isArray(urls) && urls.every((url: unknown) => typeof url === 'string');
  return texts && typeof username === 'string' && typeof credential === 'string';
}
