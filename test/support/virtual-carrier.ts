import { fromUtf8, utf8 } from '../../src/base/bytes.ts';
import { SipEndpoint } from '../../src/sip/endpoint.ts';
import type { IncomingInvite, SipCall, SipEnd } from '../../src/sip/ports.ts';
import type { LossyNet } from './lossy-net.ts';
import { Handset } from './media-phone.ts';

/** The far end of an outbound trunk on the virtual network: a script says what it does with each INVITE. */
export class VirtualCarrier {
  readonly endpoint: SipEndpoint;
  readonly handset: Handset;
  readonly invites: IncomingInvite[] = [];
  readonly ends: SipEnd[] = [];
  readonly sdp: Uint8Array;
  /** Offers in the dialog, as they came; and what answers them, refused with 488 when there is nothing. */
  readonly reoffers: string[] = [];
  answers: Uint8Array | undefined;
  call: SipCall | undefined;
  confirmed = 0;
  isSpeaking = false;

  constructor(
    net: LossyNet,
    address: string,
    script: (invite: IncomingInvite, carrier: VirtualCarrier) => void,
    options: {
      readonly frequency?: number;
      readonly codec?: number;
      readonly media?: string;
      /** Of its SIP. */
      readonly port?: number;
      /** Changes what it gets or sends, as a carrier with habits of its own would word it. */
      readonly reword?: (text: string, way: 'in' | 'out') => string;
    } = {},
  ) {
    const { frequency = 700, codec = 8, media = address, port: sip = 5060 } = options;
    this.handset = new Handset(net, { address: address, frequency });
    const rtp = this.handset.socket.local.port;
    this.sdp = utf8(
      [
        ...['v=0', 'o=- 1 1 IN IP4 10.0.2.1', 's=-', `c=IN IP4 ${media}`, 't=0 0'],
        ...[`m=audio ${rtp} RTP/AVP ${codec} 101`, 'a=rtpmap:101 telephone-event/8000', ''],
      ].join('\r\n'),
    );
    const { reword } = options;
    const worded = (bytes: Uint8Array, way: 'in' | 'out') =>
      reword === undefined ? bytes : utf8(reword(fromUtf8(bytes), way));
    const local = { address: address, port: sip };
    const socket = net.open(local.address, local.port);
    this.endpoint = new SipEndpoint({
      ...{ clock: net, timers: net.queue, random: net.random, emit: () => {}, userAgent: 'carrier' },
      admission: () => 'admit',
      contact: () => local,
      send: (bytes, flow) => socket.send(worded(bytes, 'out'), flow.remote.port, flow.remote.address),
      openFlow: ({ remote }) => ({ transport: 'udp', local, remote }),
      onFault: (error) => {
        throw error;
      },
    });
    socket.onDatagram = (bytes, from, port) =>
      this.endpoint.receive(worded(bytes, 'in'), {
        transport: 'udp',
        local,
        remote: { address: from, port },
      });
    this.endpoint.onInvite = (invite) => {
      this.invites.push(invite);
      invite.handler = {
        confirmed: () => this.confirmed++,
        reoffered: (_request, offer, settle) => {
          this.reoffers.push(fromUtf8(offer ?? new Uint8Array(0)));
          if (this.answers === undefined) settle.reject(488);
          else settle.accept(this.answers);
        },
        requested: () => 200,
        ended: (end) => this.ends.push(end),
      };
      script(invite, this);
    };
  }

  /** Its SDP with these attributes of the audio line, such as `a=sendonly`. */
  described(...attributes: string[]): Uint8Array {
    return utf8([...fromUtf8(this.sdp).trimEnd().split('\r\n'), ...attributes, ''].join('\r\n'));
  }

  /** What was offered last. */
  get offer(): string {
    return fromUtf8(this.invites.at(-1)?.offer ?? new Uint8Array(0));
  }

  /** 20 ms of speaking, if it speaks, and of hearing. */
  tick(): void {
    const port = Number(/^m=audio (\d+)/m.exec(this.offer)?.[1]);
    if (this.isSpeaking && port > 0) this.handset.speak({ address: '10.0.0.1', port });
    this.handset.listen();
  }
}
