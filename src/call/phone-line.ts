import type { Millis } from '../base/clock.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { LegQuality } from '../events/index.ts';
import type { MediaEvent, TrackId } from '../media/protocol.ts';
import type { Door, LeaveReason, Participant } from '../room/participant.ts';
import type { AnteroomHandle, MediaPlace, RoomHandle } from '../room/ports.ts';
import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type { SipCall } from '../sip/ports.ts';
import { PRESSED_MS } from './dial-digits.ts';
import { DialogRequests } from './dialog-requests.ts';
import { causeOfRemoval, type EndingCause, leaveReasonOf } from './ending.ts';
import { HoldLimit } from './hold-limit.ts';
import { LineEnds } from './line-ends.ts';
import { LineKeys } from './line-keys.ts';
import { LineOffers } from './line-offers.ts';
import type { LineOwner, PhoneLineOptions } from './line-options.ts';
import { lineScore } from './line-score.ts';
import { LineSounds } from './line-sounds.ts';
import { legMedia, PhoneVoice, unheard } from './phone-voice.ts';
import { recording } from './recording.ts';

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
  readonly sounds: LineSounds;
  readonly #options: PhoneLineOptions;
  readonly #owner: LineOwner;
  readonly #beganAt: Millis;
  readonly #keys: LineKeys;
  readonly #hold: HoldLimit;
  #room: RoomHandle | undefined;
  /** Where the phone's media are before it has a room. */
  #anteroom: AnteroomHandle | undefined;
  #participant: Participant | undefined;
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
    this.ends = new LineEnds(options, () => this.#place?.ice.fingerprint);
    this.offers = new LineOffers(options.negotiation, this.ends, (agreement) => this.agreed(agreement));
    const { id, leg, clock, timers, emit, negotiation } = options;
    this.#hold = new HoldLimit({ clock, timers, over: () => owner.end('hold-timeout') });
    this.sounds = new LineSounds({
      ...{ leg, clock, timers },
      line: () => ({ place: this.#place, room: this.#room, voice: this.#voice?.published }),
      onPlayed: () => owner.played?.(),
    });
    this.requests = new DialogRequests({
      ...{ call: id, clock, timers, emit },
      referrals: options.referrals,
      transferred: () => owner.end('transferred'),
      keyHeard: (digit, durationMs) => this.#keys.heard('info', digit, durationMs),
    });
    this.#keys = new LineKeys({
      ...{ id, leg, clock, emit, mode: options.trunk.dtmf ?? 'rfc4733', requests: this.requests },
      hasEvents: () => negotiation.agreement?.dtmfOut !== undefined,
      room: () => this.#presence,
      intercept: (digit) => this.#phase !== 'up' || owner.keyHeard?.(digit) === true,
    });
  }

  /** The call is in its room: a port is reserved, `owner.portOpened` follows. */
  enter(room: RoomHandle, participant: Participant): void {
    this.#room = room;
    this.#participant = participant;
    this.#open(room);
  }

  /** The call has no room yet, but its media begin: {@link moveInto} follows. */
  waitIn(anteroom: AnteroomHandle): void {
    this.#anteroom = anteroom;
    this.#open(anteroom);
  }

  /** Out of the anteroom, into a room of the same worker; media go on as they are until they are applied anew. */
  moveInto(room: RoomHandle, participant: Participant): void {
    const { leg, newTrack } = this.#options;
    this.#room = room;
    this.#participant = participant;
    this.#track = newTrack();
    room.media({ type: 'leg.move', leg, room: room.sid, track: this.#track });
    this.#anteroom?.close();
    this.#anteroom = undefined;
  }

  /** The phone is a participant. */
  get isInRoom(): boolean {
    return this.#participant !== undefined;
  }

  /** Somebody else is in the room, who is not hidden. */
  get hasCompany(): boolean {
    const others = this.#room?.participants.values() ?? [];
    return [...others].some((other) => other !== this.#participant && !other.permissions.hidden);
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

  get #presence(): { readonly room: RoomHandle; readonly participant: Participant } | undefined {
    const room = this.#room;
    const participant = this.#participant;
    return room && participant && { room, participant };
  }

  get #place(): MediaPlace | undefined {
    return this.#room ?? this.#anteroom;
  }

  #open(room: MediaPlace): void {
    const { leg, newTrack } = this.#options;
    this.#track = newTrack();
    room.listen(leg, (event) => this.#onMedia(event));
    const ice = this.#options.negotiation.web?.ice;
    const behindIce = ice === undefined ? {} : { ice };
    room.media({ type: 'leg.open', room: room.sid, leg, track: this.#track, ...behindIce });
  }

  /** The call is answered: there is a dialog, in which requests of ours can be made. */
  established(dialog: SipCall): void {
    this.requests.established(dialog);
    this.offers.established(dialog);
  }

  /** Where the phone is; undefined before it is there, and once it has left. */
  get place(): { readonly room: string; readonly identity: string } | undefined {
    const identity = this.#participant?.identity;
    if (this.#room === undefined || identity === undefined || this.#phase !== 'up') return undefined;
    return { room: this.#room.name, identity };
  }

  /** Attributes of the participant that the phone is. */
  get attributes(): ReadonlyMap<string, string> {
    return this.#participant?.attributes ?? new Map();
  }

  /** Metadata of that participant. */
  get metadata(): string {
    return this.#participant?.metadata ?? '';
  }

  /** What the room is to know of the phone. An empty value takes an attribute away. */
  describe(attributes: ReadonlyMap<string, string>): void {
    if (this.#participant !== undefined) this.#room?.update(this.#participant, { attributes });
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
    this.#keys.press(digit, durationMs);
  }

  /** An offer and its answer are complete: the owner hears of it, unless media may not go there. */
  agreed(agreement: AudioAgreement): void {
    if (this.#phase !== 'up') return;
    if (this.ends.mayReach(agreement)) this.#owner.agreed(agreement);
    else this.#owner.end('bad-media-address');
  }

  /** The phone hears the room, and nobody hears the phone yet. */
  playOnly(agreement: AudioAgreement): void {
    const { leg, trunk, negotiation } = this.#options;
    if (this.#anteroom === undefined) this.#speak()?.playOnly(agreement);
    else {
      const media = legMedia(unheard(agreement), {
        trunk,
        source: this.ends.source,
        web: negotiation.web,
        withholds: this.#options.withholds,
      });
      this.#anteroom.media({ type: 'leg.media', leg, media });
    }
  }

  /** Others see how far the call is. */
  status(status: 'automation' | 'ringing'): void {
    this.describe(new Map([['sip.callStatus', status]]));
  }

  /** Makes media what was agreed on. */
  apply(agreement: AudioAgreement): void {
    if (!this.hasVoice) this.sounds.silenceRoom();
    const { negotiation, trunk } = this.#options;
    this.#speak()?.apply(agreement, negotiation.holding ? 'gateway' : 'phone');
    if (negotiation.holding && agreement.direction === 'sendonly')
      this.sounds.hold(recording('hold-music', trunk.language));
    else this.sounds.resume();
  }

  /** The phone has media both ways, as far as it holds nobody. */
  get hasVoice(): boolean {
    return this.#voice?.started === true;
  }

  /** The call is answered: others see the phone as active. */
  activate({ codec }: AudioAgreement): void {
    const { clock, emit, id } = this.#options;
    const present = this.#presence;
    if (present === undefined) return;
    const { room, participant } = present;
    this.describe(new Map([['sip.callStatus', 'active']]));
    room.activate(participant);
    const setupMs = clock.now() - this.#beganAt;
    emit({ type: 'call.answered', call: id, room: room.name, codec: codec.mime, setupMs });
  }

  /** Out of the room, leg closed; the owner gets `left`. */
  leave(cause: EndingCause): void {
    const { leg, timers, clock } = this.#options;
    timers.cancel(this.#deadline);
    this.#hold.close();
    this.#phase = 'leaving';
    this.offers.close();
    this.requests.close(cause === 'bye');
    const place = this.#place;
    if (place === undefined) {
      this.#closed(undefined);
      return;
    }
    const present = this.#presence;
    const voice = this.#voice;
    const stays = this.sounds.leaveRoom(() => present?.room.leave(present.participant, leaveReasonOf(cause)));
    place.media({ type: 'leg.close', leg });
    if (stays) voice?.hangUp();
    // A worker that died says nothing more: the call is over all the same.
    this.#deadline = timers.schedule(clock.now() + QUALITY_WAIT_MS, () => this.#closed(undefined));
  }

  // --- what the room says; a phone hears the room's mix, so tracks need nothing done

  participantsChanged(): void {
    const { companyChanged, awaitsCompany } = this.#owner;
    if (companyChanged === undefined || awaitsCompany?.() !== true || this.#news !== undefined) return;
    // A door must not call back from within.
    const { timers, clock } = this.#options;
    this.#news = timers.schedule(clock.now(), () => {
      this.#news = undefined;
      if (this.#phase === 'up') companyChanged();
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
        this.ends.opened(event.port);
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
        this.#keys.heard(event.form === 'tone' ? 'tone' : 'rtp', event.digit, event.durationMs);
        return;
      case 'leg.played':
        this.sounds.heard(event);
        return;
      case 'leg.silent':
        this.#owner.silent();
        return;
      case 'leg.quality':
        emit({ type: 'call.quality', call: id, trunk: this.#options.trunk.id, quality: event.quality });
        if (this.#participant !== undefined)
          this.#room?.rate(this.#participant, this.#options.leg, lineScore(event.quality));
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

  /** The voice is made with the first media, when it is known who speaks. */
  #speak(): PhoneVoice | undefined {
    const { id, leg, newTrack, trunk, negotiation, emit, clock } = this.#options;
    const present = this.#presence;
    if (present === undefined || this.#phase !== 'up') return undefined;
    const patience = { ...trunk, ...this.#options.patience?.() };
    this.#voice ??= new PhoneVoice({
      ...{ call: id, leg, track: this.#track, newTrack, ...present, trunk: patience, emit },
      heldChanged: (held) => this.#hold.changed(held, patience.holdTimeoutMs),
      source: () => this.ends.source,
      web: negotiation.web,
      withholds: this.#options.withholds,
      now: () => clock.now(),
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
    this.#place?.unlisten(leg);
    this.#anteroom?.close();
    this.#anteroom = undefined;
    this.#room = undefined;
    this.#owner.left(quality);
  }
}
