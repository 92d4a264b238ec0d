/** Runs in a browser's page, bundled: a web phone as an application has it, of sip.js alone. See `web-phone.ts`. */
import { Inviter, UserAgent, Web } from 'sip.js';

/** What the page lets a test do, as `window.webPhone`. */
export interface WebPhonePage {
  /** States that the call went through, and how it was refused. */
  readonly said: string[];
  /** Opens the WebSocket and dials; comes back when the INVITE is out. */
  call(options: WebPhoneCall): Promise<void>;
  /** Holds or resumes by re-INVITE; comes back with the answer. */
  hold(held: 'hold' | 'resume'): Promise<void>;
  /** Sends keys by the browser's RTCDTMFSender (RFC 4733). */
  press(keys: string): boolean;
  /** Cuts the WebSocket and opens another. */
  reconnect(): Promise<void>;
  hangUp(): Promise<void>;
}

export interface WebPhoneCall {
  readonly server: string;
  readonly user: string;
  readonly password: string;
  /** The user part that is dialled. */
  readonly target: string;
  /** `late`: the INVITE has no SDP. `camera`: it offers video too. `waits`: the far end has to begin DTLS. */
  readonly offers?: 'sound' | 'camera' | 'late' | 'waits';
}

interface DtmfSenders {
  sendDtmf(keys: string, options: { duration: number; interToneGap: number }): boolean;
}

let agent: UserAgent | undefined;
let session: Inviter | undefined;
const said: string[] = [];

const usualMedia = Web.defaultSessionDescriptionHandlerFactory();

/** The browser would begin itself or wait, and says so; only that it waits is told to the far end. */
const waitingForDtls: Web.SessionDescriptionHandlerFactory = (session, options) => {
  const media = usualMedia(session, options) as Web.SessionDescriptionHandler;
  const describe = media.getDescription.bind(media);
  media.getDescription = async (...asked) => {
    const { body, contentType } = await describe(...asked);
    return { body: body.replaceAll('a=setup:actpass', 'a=setup:passive'), contentType };
  };
  return media;
};

const page: WebPhonePage = {
  said,
  async call({ server, user, password, target, offers = 'sound' }) {
    const { hostname } = new URL(server);
    agent = new UserAgent({
      ...{ authorizationUsername: user, authorizationPassword: password, logLevel: 'log' },
      uri: uri(user, hostname),
      transportOptions: { server, traceSip: true },
      sessionDescriptionHandlerFactory: offers === 'waits' ? waitingForDtls : usualMedia,
      sessionDescriptionHandlerFactoryOptions: {
        iceGatheringTimeout: 500,
        peerConnectionConfiguration: { iceServers: [] },
      },
    });
    await agent.start();
    session = new Inviter(agent, uri(target, hostname), {
      inviteWithoutSdp: offers === 'late',
      sessionDescriptionHandlerOptions: { constraints: { audio: true, video: offers === 'camera' } },
    });
    session.stateChange.addListener((state) => said.push(state));
    await session.invite({
      requestDelegate: { onReject: ({ message }) => said.push(`refused ${message.statusCode}`) },
    });
  },
  hold(held) {
    const call = current();
    call.sessionDescriptionHandlerOptionsReInvite = { hold: held === 'hold' } as object;
    return new Promise((resolve, reject) => {
      const requestDelegate = {
        onAccept: () => resolve(),
        onReject: ({ message }: { message: { statusCode?: number | undefined } }) =>
          reject(new Error(`refused ${message.statusCode}`)),
      };
      call.invite({ requestDelegate }).catch(reject);
    });
  },
  press(keys) {
    const media = current().sessionDescriptionHandler as unknown as DtmfSenders;
    return media.sendDtmf(keys, { duration: 120, interToneGap: 80 });
  },
  async reconnect() {
    await agent?.transport.disconnect();
    await agent?.transport.connect();
  },
  async hangUp() {
    await current().bye();
  },
};

function current(): Inviter {
  if (session === undefined) throw new Error('there is no call');
  return session;
}

function uri(user: string, host: string) {
  const made = UserAgent.makeURI(`sip:${user}@${host}`);
  if (made === undefined) throw new Error(`no URI: ${user}@${host}`);
  return made;
}

(globalThis as unknown as { webPhone: WebPhonePage }).webPhone = page;
