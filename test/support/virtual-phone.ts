import { utf8 } from '../../src/base/bytes.ts';
import { SipEndpoint } from '../../src/sip/endpoint.ts';
import type { OutgoingHandler, OutgoingInvite, SipEnd } from '../../src/sip/ports.ts';
import type { LossyNet } from './lossy-net.ts';
import { Handset } from './media-phone.ts';
import { GATEWAY, GATEWAY_SIP } from './virtual-gateway.ts';

/** A phone with real SIP and real RTP on the virtual network. */
export class VirtualPhone {
  readonly handset: Handset;
  readonly said: string[] = [];
  ended: SipEnd | undefined;
  sdp = '';
  /** Attribute of its answers to offers within a call, such as `a=recvonly`; undefined: it refuses them with 488. */
  answersOffers: string | undefined;
  /** Offers that came within a call. */
  readonly offered: string[] = [];
  readonly #address: string;
  readonly #endpoint: SipEndpoint;
  #call: OutgoingInvite | undefined;

  constructor(net: LossyNet, address: string, frequency: number) {
    this.#address = address;
    this.handset = new Handset(net, { address, frequency });
    const socket = net.open(address, 5060);
    const local = { address, port: 5060 };
    this.#endpoint = new SipEndpoint({
      clock: net,
      timers: net.queue,
      random: net.random,
      emit: () => {},
      userAgent: 'phone',
      admission: () => 'admit',
      contact: () => local,
      send: (bytes, flow) => socket.send(bytes, flow.remote.port, flow.remote.address),
      openFlow: ({ remote }) => ({ transport: 'udp', local, remote }),
      onFault: (error) => {
        throw error;
      },
    });
    socket.onDatagram = (bytes, from, port) =>
      this.#endpoint.receive(bytes, { transport: 'udp', local, remote: { address: from, port } });
  }

  get answered(): boolean {
    return this.said.includes('answered');
  }

  dial(room: string): void {
    const handler: OutgoingHandler = {
      confirmed() {},
      requested: () => 405,
      reoffered: (_request, offer, settle) => {
        this.offered.push(String.fromCharCode(...(offer ?? [])));
        if (this.answersOffers === undefined) settle.reject(488);
        else settle.accept(this.#offer([this.answersOffers]));
      },
      progressed: (status, sdp) => {
        this.said.push(`${status}`);
        if (sdp !== undefined) this.sdp = String.fromCharCode(...sdp);
      },
      answered: (sdp) => {
        this.said.push('answered');
        // After a reliable 183 the answer stands already.
        if (sdp !== undefined) this.sdp = String.fromCharCode(...sdp);
      },
      ended: (end) => {
        this.ended = end;
      },
    };
    this.#call = this.#endpoint.invite(
      {
        to: `sip:${room}@${GATEWAY}`,
        from: `<sip:${this.#address}@${this.#address}>`,
        next: { transport: 'udp', remote: GATEWAY_SIP },
        sdp: this.#offer(),
      },
      handler,
    );
  }

  /** After the call before. */
  dialAgain(room: string): void {
    this.ended = undefined;
    this.sdp = '';
    this.said.length = 0;
    this.dial(room);
  }

  hangUp(): void {
    this.#call?.bye();
  }

  giveUp(): void {
    this.#call?.cancel();
  }

  /** Offers again with these attributes of its audio line, such as `a=sendonly`. What came of it is `said`. */
  offerAgain(...attributes: string[]): void {
    this.#call?.reoffer({
      offer: () => this.#offer(attributes),
      postponed: () => this.said.push('postponed'),
      accepted: (sdp) =>
        this.said.push(
          /^a=(send\w+|recvonly|inactive)/m.exec(String.fromCharCode(...(sdp ?? [])))?.[1] ?? '',
        ),
      refused: (status) => this.said.push(`refused ${status}`),
    });
  }

  /** 20 ms of speaking and hearing. */
  tick(): void {
    if (this.sdp === '' || this.ended !== undefined) return;
    const port = Number(/^m=audio (\d+)/m.exec(this.sdp)?.[1]);
    this.handset.speak({ address: GATEWAY, port });
    this.handset.listen();
  }

  #offer(attributes: readonly string[] = []): Uint8Array {
    const { port } = this.handset.socket.local;
    return utf8(
      [
        'v=0',
        `o=- 1 1 IN IP4 ${this.#address}`,
        's=-',
        `c=IN IP4 ${this.#address}`,
        't=0 0',
        `m=audio ${port} RTP/AVP 8 101`,
        'a=rtpmap:101 telephone-event/8000',
        ...attributes,
        '',
      ].join('\r\n'),
    );
  }
}
