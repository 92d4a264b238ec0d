/**
 * The sound that a room's phones hear. Each tick every source is pulled once, the loudest that say something are summed
 * once, a phone that talks gets the sum less itself, and all phones that do not talk get one frame that was encoded once
 * for each format: O(talkers + phones). Phones that have been silent for a while rest (`resting-phones.ts`). A room without phones costs nothing, and one without wide-band phones or voices
 * costs nothing at 16 kHz.
 */
import type { VoiceCodecs } from '../audio/codec.ts';
import { Limiter } from '../audio/limiter.ts';
import { frameLength, type MixRate, type VoiceFormat } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import { Listener, type MixPhone } from './listener.ts';
import { MixBus } from './mix-bus.ts';
import { MixGroup, PayloadBuffer } from './mix-group.ts';
import { RestingPhones } from './resting-phones.ts';
import { choose, DEFAULT_MIX, type MixSettings, type MixSource, Talker } from './talkers.ts';

/** Frames of silence after which a phone may rest, and from one try to the next: a second, so that speech has its pauses. */
const REST_AFTER = 50;

/** A source that need not work while nobody listens. */
export interface MixVoice extends MixSource {
  /** A `sound` is heard as it is, beside whoever talks: a prompt, a tone. */
  readonly kind?: 'voice' | 'sound';
  listen(listeners: 'some' | 'none'): void;
}

/** What all hear who do not talk, at one rate. */
class Common {
  readonly limiter = new Limiter();
  readonly frame: Int16Array;
  /** A frame for one phone alone. */
  readonly apart: Int16Array;
  fresh = false;
  wanted = false;

  constructor(rate: MixRate) {
    this.frame = new Int16Array(frameLength(rate));
    this.apart = new Int16Array(frameLength(rate));
  }
}

/** One room's mix. */
export class RoomMix {
  readonly #codecs: VoiceCodecs;
  readonly #settings: MixSettings;
  readonly #phones = new Map<MixPhone, Listener>();
  /** Of the phones, those that do not rest. */
  readonly #awake = new Map<MixPhone, Listener>();
  readonly #resting = new RestingPhones();
  readonly #voices = new Map<MixVoice, Talker>();
  readonly #bus = new MixBus();
  readonly #narrow = new Common(8000);
  readonly #wide = new Common(16_000);
  readonly #groups = new Map<VoiceFormat, MixGroup>();
  readonly #talking: Talker[] = [];
  readonly #buffer = new PayloadBuffer();
  /** Sources in the present frame of the mix. */
  #mixed = 0;

  constructor(codecs: VoiceCodecs, settings: MixSettings = DEFAULT_MIX) {
    this.#codecs = codecs;
    this.#settings = settings;
  }

  /** Phones in the room. */
  get phones(): number {
    return this.#phones.size;
  }

  /** What a phone says in this tick, as the mix has it; undefined: nothing. */
  said(phone: MixPhone): Int16Array | undefined {
    return this.#phones.get(phone)?.talker.talks === true ? phone.frame : undefined;
  }

  /** The best rate at which any phone of the room listens, Hz: what a sound for all should be made for. */
  get rate(): MixRate {
    for (const phone of this.#phones.keys()) if (phone.format?.sampleRate === 16_000) return 16_000;
    return 8000;
  }

  /** A phone joins. */
  addPhone(phone: MixPhone): void {
    if (this.#phones.has(phone)) return;
    const listener = new Listener(new Talker(phone, this.#settings.gain));
    this.#phones.set(phone, listener);
    this.#awake.set(phone, listener);
    if (this.#phones.size === 1) for (const voice of this.#voices.keys()) voice.listen('some');
  }

  /** A phone leaves; harmless when it is gone. */
  removePhone(phone: MixPhone): void {
    phone.wake?.();
    this.#phones.get(phone)?.close();
    this.#awake.delete(phone);
    if (!this.#phones.delete(phone) || this.#phones.size > 0) return;
    for (const voice of this.#voices.keys()) voice.listen('none');
    this.#forgetGroups('all');
  }

  /** A voice that only speaks joins: a browser's track. */
  addVoice(voice: MixVoice): void {
    this.#voices.set(voice, new Talker(voice, voice.kind === 'sound' ? undefined : this.#settings.gain));
    voice.listen(this.#phones.size > 0 ? 'some' : 'none');
  }

  /** A voice leaves; harmless when it is gone. */
  removeVoice(voice: MixVoice): void {
    if (this.#voices.delete(voice)) voice.listen('none');
  }

  /** Makes and sends the next 20 ms. */
  tick(now: Millis): void {
    if (this.#phones.size === 0) return;
    this.#bus.clear();
    this.#mixed = 0;
    this.#pull(now);
    choose(this.#talking, this.#settings.maxTalkers);
    for (const talker of this.#talking) {
      talker.scale();
      if (talker.mixed) this.#add(talker);
    }
    this.#narrow.fresh = false;
    this.#wide.fresh = false;
    if (this.#narrow.wanted) this.#bus.finish(8000);
    if (this.#wide.wanted) this.#bus.finish(16_000);
    for (const group of this.#groups.values()) group.begin();
    this.#resting.tick(now, this.#payloadOfAll);
    for (const [phone, listener] of this.#awake) {
      const { format } = phone;
      if (format === undefined) continue;
      this.#serve(phone, listener, this.#group(format), now);
      if (listener.quiet === REST_AFTER) this.#letRest(phone, listener, format);
    }
    this.#resting.settle(now);
    this.#forgetGroups('unserved');
  }

  #pull(now: Millis): void {
    this.#talking.length = 0;
    for (const [voice, talker] of this.#voices) {
      if (!talker.pull(now)) continue;
      if (voice.kind !== 'sound') this.#talking.push(talker);
      else this.#add(talker);
    }
    this.#narrow.wanted = false;
    this.#wide.wanted = false;
    for (const { format } of this.#resting.formats) this.#common(format.sampleRate).wanted = true;
    for (const [phone, { talker }] of this.#awake) {
      if (talker.pull(now)) this.#talking.push(talker);
      if (phone.format !== undefined) this.#common(phone.format.sampleRate).wanted = true;
    }
  }

  #add(talker: Talker): void {
    this.#bus.add(talker.frame);
    this.#mixed++;
  }

  #serve(phone: MixPhone, listener: Listener, group: MixGroup, now: Millis): void {
    const { mixed } = listener.talker;
    const sound = phone.sound?.pull() === true ? phone.sound : undefined;
    const others = this.#mixed - (mixed ? 1 : 0);
    const content = others === 0 && sound === undefined ? 'silence' : 'sound';
    group.served++;
    listener.quiet = listener.talker.talks || sound !== undefined ? 0 : listener.quiet + 1;
    if (content === 'silence' && group.format.memory === 'none') {
      listener.canShare(group.format);
      phone.sendFrame(group.silence(), content, now);
      return;
    }
    const rate = group.format.sampleRate;
    const common = this.#common(rate);
    if (!mixed && sound === undefined) {
      const shared = this.#sharedFrame(rate);
      if (listener.canShare(group.format)) {
        phone.sendFrame(group.shared(shared), content, now);
        return;
      }
      // The shared encoder runs beside its own, so that they come to agree.
      group.shared(shared);
      phone.sendFrame(listener.encode(group, shared, 'shared', this.#buffer), content, now);
      return;
    }
    const own = mixed ? phone.frame : undefined;
    listener.compose(this.#bus.sum(rate), own, sound, common.limiter, common.apart);
    phone.sendFrame(listener.encode(group, common.apart, 'own', this.#buffer), content, now);
  }

  /** What a format's phones hear that do not talk, in a format without memory: those that have one do not rest. */
  readonly #payloadOfAll = (format: VoiceFormat): Uint8Array => {
    const group = this.#group(format);
    group.served++;
    return this.#mixed === 0 ? group.silence() : group.shared(this.#sharedFrame(format.sampleRate));
  };

  #letRest(phone: MixPhone, listener: Listener, format: VoiceFormat): void {
    const onAwake = () => void this.#awake.set(phone, listener);
    listener.quiet = 0;
    if (this.#resting.admit(phone, format, onAwake)) this.#awake.delete(phone);
  }

  #sharedFrame(rate: MixRate): Int16Array {
    const common = this.#common(rate);
    if (!common.fresh) common.limiter.process(this.#bus.sum(rate), undefined, common.frame);
    common.fresh = true;
    return common.frame;
  }

  #common(rate: MixRate): Common {
    return rate === 8000 ? this.#narrow : this.#wide;
  }

  #group(format: VoiceFormat): MixGroup {
    let group = this.#groups.get(format);
    if (group === undefined) {
      group = new MixGroup(format, this.#codecs);
      this.#groups.set(format, group);
    }
    return group;
  }

  #forgetGroups(which: 'all' | 'unserved'): void {
    for (const [format, group] of this.#groups) {
      if (which === 'unserved' && group.served > 0) continue;
      group.close();
      this.#groups.delete(format);
    }
  }
}
