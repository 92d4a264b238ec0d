import { fromUtf8, utf8 } from '../../base/bytes.ts';
import type { PhoneCodec } from '../../sdp/phone-codec.ts';
import { readPhoneSdp } from '../../sdp/phone-description.ts';
import { acceptAnswer, type PhoneOffer, writeOffer } from '../../sdp/phone-offer.ts';
import type { OutgoingInvite, SipEnd } from '../../sip/ports.ts';
import type { PhoneMedia } from './phone-media.ts';
import type { SipClient } from './sip-client.ts';

export interface ToolCallOptions {
  /** Request-URI. */
  readonly to: string;
  /** The number that it calls from. */
  readonly from: string;
  readonly transport: 'udp' | 'tcp';
  readonly codecs: readonly PhoneCodec[];
}

/** What the owner of a call hears. `ended` comes once, whoever ended it. */
export interface ToolCallEvents {
  progressed(status: number): void;
  /** `codec` in capitals. */
  answered(codec: string): void;
  ended(end: SipEnd | { readonly by: 'us' }): void;
}

/** One outgoing call with audio. */
export class ToolCall {
  readonly #media: PhoneMedia;
  readonly #offer: PhoneOffer;
  readonly #events: ToolCallEvents;
  readonly #invite: OutgoingInvite;
  #over = false;

  constructor(client: SipClient, media: PhoneMedia, options: ToolCallOptions, events: ToolCallEvents) {
    this.#media = media;
    this.#events = events;
    this.#offer = { codecs: options.codecs, direction: 'sendrecv' };
    const address = client.local.address;
    const sdp = writeOffer(this.#offer, { address, port: media.port, sessionId: 1, version: 1 });
    const host = address.includes(':') ? `[${address}]` : address;
    this.#invite = client.endpoint.invite(
      {
        to: options.to,
        from: `<sip:${options.from}@${host}>`,
        next: { transport: options.transport, remote: client.remote },
        sdp: utf8(sdp),
      },
      {
        progressed: (status) => events.progressed(status),
        answered: (answer) => this.#answered(answer),
        confirmed: () => {},
        // The far end may refresh, hold or move: taken as it is offered, with our side as it was.
        reoffered: (_request, offer, settle) => {
          if (offer === undefined || !this.#agree(offer)) settle.reject(488);
          else settle.accept(utf8(sdp));
        },
        requested: () => 200,
        ended: (end) => this.#end(end),
      },
    );
  }

  /** CANCEL before the answer, BYE after it. */
  hangUp(): void {
    if (this.#over) return;
    this.#invite.bye();
    this.#end({ by: 'us' });
  }

  #answered(answer: Uint8Array | undefined): void {
    const codec = answer === undefined ? undefined : this.#agree(answer);
    if (codec !== undefined) this.#events.answered(codec);
    else {
      this.#invite.bye();
      this.#end({ by: 'transport', detail: 'the answer names no codec that was offered' });
    }
  }

  /** Starts the media as the far end's description says; the codec's name, or undefined when it does not fit. */
  #agree(description: Uint8Array): string | undefined {
    const read = readPhoneSdp(fromUtf8(description));
    const agreement = read.ok ? acceptAnswer(this.#offer, read.value) : read;
    if (!agreement.ok) return undefined;
    this.#media.start(agreement.value);
    return agreement.value.codec.mime.slice('audio/'.length).toUpperCase();
  }

  #end(end: SipEnd | { readonly by: 'us' }): void {
    if (this.#over) return;
    this.#over = true;
    this.#media.stop();
    this.#events.ended(end);
  }
}
