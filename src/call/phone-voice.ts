import type { Millis } from '../base/clock.ts';
import type { Codec, LegKey, LegMedia, TrackId } from '../media/protocol.ts';
import type { Participant, Track } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { CryptoLine } from '../sdp/crypto.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import { allowedMediaSources } from '../trunk/media-address.ts';
import type { InboundTrunk, MediaPatience } from '../trunk/trunk.ts';
import { HoldLimit } from './hold-limit.ts';
import type { LineEnds } from './line-ends.ts';
import type { LineOwner, PhoneLineOptions } from './line-options.ts';
import type { WebMedia } from './web-media.ts';

/** What does not change with what is agreed on. */
export interface LegFacts {
  readonly trunk: Pick<InboundTrunk, 'mediaAddresses' | 'dtmfInband'>;
  readonly mediaTimeoutMs: Millis | undefined;
  readonly web: WebMedia | undefined;
  readonly owner: Pick<LineOwner, 'withholds'>;
}

/** The phone that speaks: a participant of a room. */
export interface SpeakingPhone {
  /** The track as which the leg was opened. */
  readonly track: TrackId;
  /** Where the call's signaling comes from by now. */
  readonly ends: Pick<LineEnds, 'source'>;
  readonly owner: Pick<LineOwner, 'withholds' | 'patience' | 'end'>;
  readonly room: RoomHandle;
  readonly participant: Participant;
}

type VoiceOptions = Pick<
  PhoneLineOptions,
  'id' | 'leg' | 'newTrack' | 'trunk' | 'negotiation' | 'clock' | 'timers' | 'emit'
>;

/** In what a phone rings whose codec nobody knows yet: every browser has it (RFC 7874 section 3). */
const RINGING: Codec = { mime: 'audio/pcma', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' };

/** What browsers have of a phone. */
export interface PublishedVoice {
  readonly track: TrackId;
  readonly codec: Codec;
  readonly since: Millis;
}

/** A phone's voice in its room: the track that others hear, on hold or not, and the leg's media behind it. */
export class PhoneVoice {
  readonly #options: VoiceOptions;
  readonly #phone: SpeakingPhone;
  readonly #patience: MediaPatience;
  /** Made when somebody holds: most calls never do. */
  #hold: HoldLimit | undefined;
  #track: TrackId;
  #published: PublishedVoice | undefined;
  #started = false;
  #heldSince: Millis | undefined;
  #selfMuted = false;

  constructor(options: VoiceOptions, phone: SpeakingPhone) {
    this.#options = options;
    this.#phone = phone;
    this.#patience = phone.owner.patience ?? options.trunk;
    this.#track = phone.track;
  }

  /** The call is over. */
  close(): void {
    this.#hold?.close();
  }

  /** The phone has media: it is in the room with ears and mouth. */
  get started(): boolean {
    return this.#started;
  }

  /** The track that others hear; undefined before there is one. */
  get published(): PublishedVoice | undefined {
    return this.#published;
  }

  /** Others get a track before the phone has a voice: to hear it ring. */
  ring(): void {
    if (this.#published === undefined) this.#publish(RINGING);
  }

  /** The call is over, and others hear a last sound in the track. */
  hangUp(): void {
    const { room, participant } = this.#phone;
    room.setMuted(participant, this.#track, false);
    room.update(participant, { attributes: new Map([['sip.callStatus', 'hangup']]) });
  }

  /** Early media: the phone hears the room, and nobody hears the phone before the call is answered. */
  playOnly(agreement: AudioAgreement): void {
    this.#sendMedia(unheard(agreement), undefined);
  }

  /** The phone's own wish, beside any hold. */
  mute(muted: boolean): void {
    this.#selfMuted = muted;
    this.#tellMuted();
  }

  /** Makes media what was agreed on: the first time, and after each offer and answer. `holder`: who wants any hold. */
  apply(agreement: AudioAgreement, holder: 'phone' | 'gateway'): void {
    const { mime } = agreement.codec;
    const before = this.#published?.codec.mime;
    const renewed = before !== undefined && before !== mime;
    if (renewed) this.#withdraw();
    this.#sendMedia(agreement, renewed ? this.#track : undefined);
    if (before !== mime) this.#publish(agreement.codec);
    if (renewed && this.#started)
      this.#options.emit({ type: 'call.codec', call: this.#options.id, codec: mime });
    this.#started = true;
    const { direction } = agreement;
    const phoneHolds = direction === 'recvonly' || direction === 'inactive';
    // A phone may be deaf to us of its own will; on hold it is when that is ours.
    this.#setHeld(phoneHolds || (direction === 'sendonly' && holder === 'gateway'), holder);
  }

  #sendMedia(agreement: AudioAgreement, track: TrackId | undefined): void {
    const { leg, trunk, negotiation } = this.#options;
    const { room, ends, owner } = this.#phone;
    const { mediaTimeoutMs } = this.#patience;
    const media = legMedia(agreement, { trunk, mediaTimeoutMs, web: negotiation.web, owner }, ends.source);
    const command = { type: 'leg.media', leg, media } as const;
    room.media(track === undefined ? command : { ...command, track });
  }

  /** Browsers were given the track in its old codec: it goes, and a new one comes. */
  #withdraw(): void {
    const { room, participant } = this.#phone;
    room.unpublish(participant, this.#track);
    this.#track = this.#options.newTrack();
  }

  #publish(codec: Codec): void {
    const { leg, clock } = this.#options;
    const { room, participant } = this.#phone;
    this.#published = { track: this.#track, codec, since: clock.now() };
    const track: Track = {
      sid: this.#track,
      name: 'phone',
      kind: 'audio',
      source: 'microphone',
      origin: { from: 'leg', leg },
      codecs: [codec],
      stream: '',
      muted: this.#isMuted,
      disableDtx: true,
      stereo: false,
    };
    room.publish(participant, track);
  }

  #setHeld(held: boolean, by: 'phone' | 'gateway'): void {
    const { emit, id: call, clock } = this.#options;
    const { room, participant } = this.#phone;
    if (held === (this.#heldSince !== undefined)) return;
    if (held) {
      this.#heldSince = clock.now();
      emit({ type: 'call.held', call, by });
    } else {
      emit({ type: 'call.resumed', call, heldMs: clock.now() - (this.#heldSince ?? clock.now()) });
      this.#heldSince = undefined;
    }
    this.#limitHold(held);
    this.#tellMuted();
    room.update(participant, { attributes: new Map([['sip.onHold', held ? 'true' : '']]) });
  }

  #limitHold(held: boolean): void {
    const { clock, timers } = this.#options;
    this.#hold ??= new HoldLimit({ clock, timers, over: () => this.#phone.owner.end('hold-timeout') });
    this.#hold.changed(held, this.#patience.holdTimeoutMs);
  }

  get #isMuted(): boolean {
    return this.#heldSince !== undefined || this.#selfMuted;
  }

  #tellMuted(): void {
    const { room, participant } = this.#phone;
    room.setMuted(participant, this.#track, this.#isMuted);
  }
}

/** What the media worker is to know of an agreement with a phone that signals from `source`. */
export function legMedia(
  agreement: AudioAgreement,
  { trunk, mediaTimeoutMs, web, owner }: LegFacts,
  source: string,
): LegMedia {
  const allowedSources = allowedMediaSources(trunk, agreement.remote.address, source);
  // A phone that holds sends music or nothing: neither shall reach the room, nor count as a call that went silent.
  const direction = agreement.direction === 'recvonly' ? 'inactive' : agreement.direction;
  const { association: theirs, crypto: keys, ...rest } = agreement;
  const association = theirs === undefined ? undefined : web?.joined(theirs);
  const keyTones = trunk.dtmfInband === true ? ('heard' as const) : undefined;
  const crypto = keys && {
    profile: keys.local.suite,
    local: masterOf(keys.local),
    remote: masterOf(keys.remote),
  };
  const sending = owner.withholds?.(agreement) === true ? ('withheld' as const) : undefined;
  return { ...rest, direction, sending, allowedSources, association, crypto, keyTones, mediaTimeoutMs };
}

/** The agreement with nobody hearing the phone. */
export function unheard(agreement: AudioAgreement): AudioAgreement {
  const hears = agreement.direction === 'sendrecv' || agreement.direction === 'sendonly';
  return { ...agreement, direction: hears ? 'sendonly' : 'inactive' };
}

function masterOf({ key, salt, mki }: CryptoLine): LegKey {
  return mki === undefined ? { key, salt } : { key, salt, mki };
}
