import type { Millis } from '../base/clock.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { CallQuality, LegQuality } from '../events/index.ts';
import type { MediaEvent, TrackId } from '../media/protocol.ts';
import type { Door, LeaveReason, Participant } from '../room/participant.ts';
import type { AnteroomHandle, MediaPlace, RoomHandle } from '../room/ports.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type { SipCall } from '../sip/ports.ts';
import { PRESSED_MS } from './dial-digits.ts';
import { DialogRequests } from './dialog-requests.ts';
import { causeOfRemoval, type EndingCause, leaveReasonOf } from './ending.ts';
import type { KeyWay } from './key-ways.ts';
import { LineEnds } from './line-ends.ts';
import { LineKeys } from './line-keys.ts';
import { LineOffers } from './line-offers.ts';
import type { LineOwner, PhoneLineOptions } from './line-options.ts';
import { LinePresence } from './line-presence.ts';
import { lineScore } from './line-score.ts';
import { LineSounds } from './line-sounds.ts';
import { legMedia, PhoneVoice, unheard } from './phone-voice.ts';
import { recording } from './recording.ts';

/** What others see of a call that is answered. */
const ACTIVE: ReadonlyMap<string, string> = new Map([['sip.callStatus', 'active']]);

/** How long the leg's last numbers are waited for when a call is over. */
const QUALITY_WAIT_MS: Millis = 1000;

/**
 * A phone in a room, whoever called: its door towards the room, its leg in the media worker and where that is (`ends`), its
 * voice, its keys, what it and we agree on in SDP (`offers`), and what else is asked in its dialog (`requests`). When a call
 * begins, is answered and ends is its owner's to decide.
 */
export class PhoneLine implements Door {
  readonly ends: LineEnds;
  readonly offers: LineOffers;
  readonly requests: DialogRequests;
  readonly presence = new LinePresence();
  readonly #options: PhoneLineOptions;
  readonly #owner: LineOwner;
  readonly #beganAt: Millis;
  // Most calls play nothing and press no key: what does that is made when it is asked for.
  #sounds: LineSounds | undefined;
  #keys: LineKeys | undefined;
  #voice: PhoneVoice | undefined;
  #track: TrackId = '';
  #phase: 'up' | 'leaving' | 'left' = 'up';
  #deadline: Alarm | undefined;
  #news: Alarm | undefined;

  /** Times to the first packet and to the answer count from now. */
  constructor(options: PhoneLineOptions, owner: LineOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#beganAt = options.clock.now();
    this.ends = new LineEnds(options);
    this.offers = new LineOffers(options.negotiation, this.ends, this);
    this.requests = new DialogRequests(options, {
      transferred: () => owner.end('transferred'),
      keyHeard: (digit, durationMs) => this.#keyHeard('info', digit, durationMs),
    });
  }

  /** What the phone hears besides its room, and what it gives its room to hear. */
  get sounds(): LineSounds {
    const { leg, clock, timers } = this.#options;
    this.#sounds ??= new LineSounds({
      ...{ leg, clock, timers },
      line: () => ({
        place: this.presence.media,
        room: this.presence.inRoom?.room,
        voice: this.#voice?.published,
      }),
      onPlayed: () => this.#owner.played?.(),
    });
    return this.#sounds;
  }

  /** The call is in its room: a port is reserved, `owner.portOpened` follows. */
  enter(room: RoomHandle, participant: Participant): void {
    this.#join(room, participant);
    this.#open(room);
  }

  /** The call has no room yet, but its media begin: {@link moveInto} follows. */
  waitIn(anteroom: AnteroomHandle): void {
    this.presence.waitIn(anteroom);
    this.#open(anteroom);
  }

  /** Out of the anteroom, into a room of the same worker; media go on as they are until they are applied anew. */
  moveInto(room: RoomHandle, participant: Participant): void {
    const { leg, newTrack } = this.#options;
    this.#join(room, participant);
    this.#track = newTrack();
    room.media({ type: 'leg.move', leg, room: room.sid, track: this.#track });
    this.presence.leaveAnteroom();
  }

  #join(room: RoomHandle, participant: Participant): void {
    this.presence.enter(room, participant);
    this.#options.emit({ type: 'call.joined', call: this.#options.id, room: room.name });
  }

  /** The phone's own wish, beside any hold. */
  mute(muted: boolean): void {
    this.#voice?.mute(muted);
  }

  /** The phone rings: its room hears that in its track, until there is something of the phone's own to hear. */
  ring(country: string | undefined): void {
    this.#speak()?.ring();
    this.sounds.playToRoom([{ from: 'tone', tone: 'ringback', country }], 'all');
  }

  #open(room: MediaPlace): void {
    const { leg, newTrack, negotiation } = this.#options;
    this.#track = newTrack();
    room.listen(leg, (event) => this.#onMedia(event));
    const ice = negotiation.web?.ice;
    const opened = { type: 'leg.open', room: room.sid, leg, track: this.#track } as const;
    room.media(ice === undefined ? opened : { ...opened, ice });
  }

  /** The call is answered: there is a dialog, in which requests of ours can be made. */
  established(dialog: SipCall): void {
    this.requests.established(dialog);
    this.offers.established(dialog);
  }

  /** Where the phone is; undefined before it is there, and once it has left. */
  get place(): { readonly room: string; readonly identity: string } | undefined {
    const present = this.presence.inRoom;
    if (present === undefined || this.#phase !== 'up') return undefined;
    return { room: present.room.name, identity: present.participant.identity };
  }

  /** Ends the call by `cause` in `afterMs`, 0: never. Takes the place of the limit before. */
  limit(afterMs: Millis, cause: EndingCause): void {
    const { timers, clock } = this.#options;
    timers.cancel(this.#deadline);
    this.#deadline = undefined;
    if (afterMs > 0) this.#deadline = timers.schedule(clock.now() + afterMs, () => this.#owner.end(cause));
  }

  /** Sends a key to the phone, by the trunk's way. */
  press(digit: string, durationMs: Millis): void {
    this.#keyed.press(digit, durationMs);
  }

  #keyHeard(way: KeyWay, digit: string, durationMs: Millis): void {
    this.#keyed.heard(way, digit, durationMs);
  }

  get #keyed(): LineKeys {
    const { id, leg, clock, emit, trunk, negotiation } = this.#options;
    this.#keys ??= new LineKeys({
      ...{ id, leg, clock, emit, mode: trunk.dtmf ?? 'rfc4733', requests: this.requests },
      hasEvents: () => negotiation.agreement?.dtmfOut !== undefined,
      room: () => this.presence.inRoom,
      intercept: (digit) => this.#phase !== 'up' || this.#owner.keyHeard?.(digit) === true,
    });
    return this.#keys;
  }

  /** An offer and its answer are complete: the owner hears of it, unless media may not go there. */
  agreed(agreement: AudioAgreement): void {
    if (this.#phase !== 'up') return;
    if (this.ends.mayReach(agreement)) this.#owner.agreed(agreement);
    else this.#owner.end('bad-media-address');
  }

  /** The phone hears the room, and nobody hears the phone yet. */
  playOnly(agreement: AudioAgreement): void {
    const anteroom = this.presence.waiting;
    if (anteroom === undefined) this.#speak()?.playOnly(agreement);
    else {
      // Its rule is not known before it is in its room: the trunk's patience counts.
      const { leg, trunk, negotiation } = this.#options;
      const facts = { trunk, mediaTimeoutMs: trunk.mediaTimeoutMs, web: negotiation.web, owner: this.#owner };
      const media = legMedia(unheard(agreement), facts, this.ends.source);
      anteroom.media({ type: 'leg.media', leg, media });
    }
  }

  /** Others see how far the call is. */
  status(status: 'automation' | 'ringing'): void {
    this.presence.describe(new Map([['sip.callStatus', status]]));
  }

  /** Makes media what was agreed on. */
  apply(agreement: AudioAgreement): void {
    if (!this.hasVoice) this.#sounds?.silenceRoom();
    const { negotiation, trunk } = this.#options;
    this.#speak()?.apply(agreement, negotiation.holding ? 'gateway' : 'phone');
    if (negotiation.holding && agreement.direction === 'sendonly')
      this.sounds.hold(recording('hold-music', trunk.language));
    else this.#sounds?.resume();
  }

  /** The phone has media both ways, as far as it holds nobody. */
  get hasVoice(): boolean {
    return this.#voice?.started === true;
  }

  /** The call is answered: others see the phone as active. */
  activate({ codec }: AudioAgreement): void {
    const { clock, emit, id } = this.#options;
    const present = this.presence.inRoom;
    if (present === undefined) return;
    const { room, participant } = present;
    this.presence.describe(ACTIVE);
    room.activate(participant);
    const setupMs = clock.now() - this.#beganAt;
    emit({ type: 'call.answered', call: id, room: room.name, codec: codec.mime, setupMs });
  }

  /** Out of the room, leg closed; the owner gets `left`. */
  leave(cause: EndingCause): void {
    const { leg, timers, clock } = this.#options;
    timers.cancel(this.#deadline);
    this.#voice?.close();
    this.#phase = 'leaving';
    this.offers.close();
    this.requests.close(cause === 'bye');
    const { media: place, inRoom } = this.presence;
    if (place === undefined) {
      this.#closed(undefined);
      return;
    }
    const gone = () => inRoom?.room.leave(inRoom.participant, leaveReasonOf(cause));
    const stays = this.#sounds?.leaveRoom(gone);
    if (stays === undefined) gone();
    place.media({ type: 'leg.close', leg });
    if (stays === true) this.#voice?.hangUp();
    // A worker that died says nothing more: the call is over all the same.
    this.#deadline = timers.schedule(clock.now() + QUALITY_WAIT_MS, () => this.#closed(undefined));
  }

  // --- what the room says; a phone hears the room's mix, so tracks need nothing done

  participantsChanged(): void {
    if (this.#owner.awaitsCompany?.() !== true || this.#news !== undefined) return;
    // A door must not call back from within.
    const { timers, clock } = this.#options;
    this.#news = timers.schedule(clock.now(), () => {
      this.#news = undefined;
      if (this.#phase === 'up') this.#owner.companyChanged?.();
    });
  }

  subscribed(): void {}
  unsubscribed(): void {}
  muteRequested(): void {}
  speakersChanged(): void {}
  dataReceived(): void {}

  keyPressed(digit: string): void {
    this.press(digit, PRESSED_MS);
  }

  holdWished(wish: 'hold' | 'resume'): void {
    if (this.#phase === 'up') this.offers[wish]();
  }

  removed(reason: LeaveReason): void {
    this.#owner.end(causeOfRemoval(reason));
  }

  // --- what the media worker says

  #onMedia(event: MediaEvent): void {
    const { clock, emit, id } = this.#options;
    switch (event.type) {
      case 'leg.opened':
        this.ends.opened(event.port, this.presence.media?.ice.fingerprint);
        this.#owner.portOpened();
        return;
      case 'leg.failed':
        this.#owner.end(this.ends.isOpen ? 'web-media-lost' : 'no-ports');
        return;
      case 'leg.heard':
        emit({ type: 'call.media', call: id, firstRtpMs: clock.now() - this.#beganAt });
        return;
      case 'leg.spoke':
        emit({ type: 'call.spoken', call: id });
        return;
      case 'leg.digit':
        this.#keyHeard(event.form === 'tone' ? 'tone' : 'rtp', event.digit, event.durationMs);
        return;
      case 'leg.played':
        this.#sounds?.heard(event);
        return;
      case 'leg.silent':
        this.#owner.silent();
        return;
      case 'leg.quality':
        emit({ type: 'call.quality', call: id, trunk: this.#options.trunk.id, quality: event.quality });
        this.#rate(event.quality);
        return;
      case 'leg.closed':
        // On its own, with its room, when nobody has left.
        if (this.#phase === 'up') this.#owner.end('media-failure');
        else this.#closed(event.quality);
        return;
      default:
        return;
    }
  }

  #rate(quality: CallQuality): void {
    const present = this.presence.inRoom;
    present?.room.rate(present.participant, this.#options.leg, lineScore(quality));
  }

  /** The voice is made with the first media, when it is known who speaks. */
  #speak(): PhoneVoice | undefined {
    const present = this.presence.inRoom;
    if (present === undefined || this.#phase !== 'up') return undefined;
    this.#voice ??= new PhoneVoice(this.#options, {
      track: this.#track,
      ends: this.ends,
      owner: this.#owner,
      room: present.room,
      participant: present.participant,
    });
    return this.#voice;
  }

  #closed(quality: LegQuality | undefined): void {
    if (this.#phase === 'left') return;
    this.#phase = 'left';
    const { timers, leg } = this.#options;
    this.ends.closed();
    timers.cancel(this.#deadline);
    timers.cancel(this.#news);
    this.presence.media?.unlisten(leg);
    this.presence.end();
    this.#owner.left(quality);
  }
}
