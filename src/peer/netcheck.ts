import type { Millis } from '../base/clock.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { MediaEvent } from '../media/protocol.ts';
import { type Answer, type Question, readQuestion, type TestRefusal } from '../netcheck/messages.ts';
import type { AnteroomHandle, RoomDirectory } from '../room/ports.ts';
import { type BrowserMedia, readBrowserSdp } from '../sdp/browser.ts';
import { answerSections, writeBrowserSdp } from '../sdp/browser-write.ts';
import type { IcePolicy, PeerContext, SignalSocket } from './context.ts';
import { PeerTransport, pathName } from './transport.ts';

/** A test is over after this, whatever it does. */
const LIFE_MS: Millis = 60_000;
/** Transports that one test may open: a dozen ways, and those that are tried again. */
const MAX_TRANSPORTS = 24;
const MAX_QUESTIONS = 200;
/** Echoes of one transport, and their length in bytes: a few seconds of voice. */
const MAX_ECHOES = 200;
const MAX_ECHO = 256;
/** RFC 6455 section 7.4.1, and one of our own. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const BROKE_RULES = 1008;

/** What a test is made of. */
export interface NetcheckContext
  extends Pick<
    PeerContext,
    'clock' | 'timers' | 'random' | 'emit' | 'iceServers' | 'candidates' | 'icePolicy'
  > {
  readonly rooms: Pick<RoomDirectory, 'anteroom'>;
  /** UDP ports of all media workers. */
  readonly icePorts: readonly number[];
}

/** Who tests: somebody whom a token lets into a room, whose ways are tried and no others. */
export interface Tester {
  readonly identity: string;
  readonly room: string;
}

/**
 * One connection test (`netcheck/messages.ts`) of somebody who might join a room, behind one WebSocket and in no room at
 * all. What the test opens is on the media port that everybody uses, answers nothing that is not authenticated, sends
 * back no more than came, and ends with the WebSocket.
 */
export class NetcheckSession {
  readonly #context: NetcheckContext;
  readonly #socket: SignalSocket;
  readonly #identity: string;
  readonly #policy: IcePolicy;
  readonly #transports: PeerTransport[] = [];
  readonly #echoes = new Map<PeerTransport, number>();
  readonly #paths = new Set<string>();
  readonly #beganAt: Millis;
  #place: AnteroomHandle | undefined;
  #questions = 0;
  #life: Alarm | undefined;
  #over = false;

  constructor(context: NetcheckContext, socket: SignalSocket, { identity, room }: Tester) {
    this.#context = context;
    this.#socket = socket;
    this.#identity = identity;
    this.#policy = context.icePolicy(room);
    this.#beganAt = context.clock.now();
  }

  /** Says what can be tried. */
  start(): void {
    const { candidates, iceServers, icePorts, timers } = this.#context;
    this.#life = timers.schedule(this.#beganAt + LIFE_MS, () => this.#end(NORMAL, 'the test took too long'));
    this.#say({
      type: 'welcome',
      // Where browsers have to come by a relay, what the relay talks to is no firewall's concern.
      media: this.#policy === 'all' ? icePorts.flatMap((port) => candidates(port, 'all')) : [],
      servers: iceServers(this.#identity, this.#socket.source),
      lifeMs: LIFE_MS,
    });
  }

  /** A question of the client's. */
  message(data: Uint8Array | string): void {
    if (this.#over) return;
    if (++this.#questions > MAX_QUESTIONS) {
      this.#end(BROKE_RULES, 'too many questions');
      return;
    }
    const question = typeof data === 'string' ? readQuestion(data) : undefined;
    const answer = question === undefined ? refusal('malformed') : this.#answer(question);
    if (answer.type === 'refused') {
      const reason = `netcheck-${answer.reason}`;
      this.#context.emit({ type: 'dropped', where: 'signal', reason, count: 1 });
    }
    this.#say(answer);
  }

  /** The WebSocket is closed. */
  closed(): void {
    this.#end(NORMAL, '');
  }

  #answer(question: Question): Answer {
    switch (question.type) {
      case 'ping':
        return { type: 'pong', number: question.number };
      case 'offer':
        return this.#accept(question.way, question.sdp);
      case 'stun': {
        const transport = this.#open();
        if (typeof transport === 'string') return refusal(transport);
        const { ice, candidates } = transport.describe();
        return { type: 'stun', ...ice, media: candidates };
      }
    }
  }

  #accept(way: string, sdp: string): Answer {
    const offer = readBrowserSdp(sdp);
    const data = offer.ok ? offer.value.media.find(isData) : undefined;
    if (!offer.ok || data === undefined) return refusal('bad-offer', way);
    const transport = this.#open();
    if (typeof transport === 'string') return refusal(transport, way);
    transport.remote(offer.value);
    const sections = answerSections(offer.value, (media) => ({ type: media === data ? 'data' : 'reject' }));
    return { type: 'answer', way, sdp: writeBrowserSdp(transport.setup, sections, transport.describe()) };
  }

  /** One more association, all in one worker. */
  #open(): PeerTransport | TestRefusal {
    const { rooms } = this.#context;
    if (this.#transports.length >= MAX_TRANSPORTS) return 'too-many';
    this.#place ??= rooms.anteroom([], () => this.#end(GOING_AWAY, 'the media worker is gone'));
    if (this.#place === undefined) return 'no-worker';
    const transport = new PeerTransport(this.#place, this.#context, this.#policy, (event, its) =>
      this.#onMedia(event, its),
    );
    this.#transports.push(transport);
    return transport;
  }

  #onMedia(event: MediaEvent, transport: PeerTransport): void {
    if (event.type === 'transport.connected') this.#paths.add(pathName(event.path));
    if (event.type !== 'data.received' || event.bytes.length > MAX_ECHO) return;
    const echoes = (this.#echoes.get(transport) ?? 0) + 1;
    if (echoes > MAX_ECHOES) return;
    this.#echoes.set(transport, echoes);
    const { bytes, channel } = event;
    this.#place?.media({ type: 'data.send', transport: transport.id, channel, bytes });
  }

  #say(answer: Answer): void {
    this.#socket.send(JSON.stringify(answer));
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const { clock, emit, timers } = this.#context;
    timers.cancel(this.#life);
    for (const transport of this.#transports) transport.close();
    this.#place?.close();
    this.#socket.close(code, reason);
    emit({
      type: 'netcheck.over',
      identity: this.#identity,
      paths: [...this.#paths].sort(),
      tried: this.#transports.length,
      tookMs: clock.now() - this.#beganAt,
    });
  }
}

function refusal(reason: TestRefusal, way = ''): Answer {
  return { type: 'refused', reason, way };
}

function isData({ kind, rejected }: BrowserMedia): boolean {
  return kind === 'application' && !rejected;
}
