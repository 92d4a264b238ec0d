import { type Participant, ParticipantKind } from 'livekit-client';
import { make } from './elements.ts';
import { icon } from './icons.ts';

/** One participant's tile, kept and brought up to date in place so that it does not flicker. */
export class PersonTile {
  readonly root: HTMLLIElement;
  readonly #who = make('span', 'who');
  readonly #number = make('span', 'number');
  readonly #note = make('span', 'note');
  readonly #off = make('span', 'off');
  readonly #participant: Participant;
  readonly #phone: boolean;
  readonly #self: boolean;

  constructor(participant: Participant, self: boolean) {
    this.#participant = participant;
    this.#self = self;
    this.#phone = participant.kind === ParticipantKind.SIP;
    this.root = make('li', 'person');
    this.root.dataset['kind'] = this.#phone ? 'phone' : 'browser';
    this.root.dataset['identity'] = participant.identity;
    const face = make('span', 'face');
    face.setAttribute('aria-hidden', 'true');
    if (this.#phone) face.append(icon('handset'));
    else face.textContent = initials(participant.name || participant.identity);
    face.style.setProperty('--hue', String(hue(participant.identity)));
    this.#off.append(icon('microphoneOff'));
    this.#off.setAttribute('aria-hidden', 'true');
    if (this.#phone || self) this.root.append(make('span', 'tag', this.#phone ? 'Phone' : 'You'));
    this.root.append(face, this.#who, this.#number, this.#note, this.#off);
    this.update();
  }

  update(): void {
    const { attributes, identity, isSpeaking, name } = this.#participant;
    const number = this.#phone ? (attributes['sip.phoneNumber'] ?? '') : '';
    const named = name !== '' && name !== undefined && !(number !== '' && name.includes(number));
    const title = named ? name : this.#phone ? number || 'Unknown caller' : identity;
    this.#who.textContent = title;
    this.#who.title = title;
    this.#number.textContent = number === title ? '' : number;
    this.#number.hidden = this.#number.textContent === '';
    const muted = this.#muted();
    const speaking = isSpeaking && !muted;
    this.#off.hidden = !muted;
    this.root.toggleAttribute('data-speaking', speaking);
    this.root.toggleAttribute('data-muted', muted);
    this.#note.textContent = speaking ? 'Speaking' : this.#status(muted);
    this.level();
  }

  /** The ring's width follows the voice. */
  level(): void {
    this.root.style.setProperty('--level', Math.min(1, this.#participant.audioLevel).toFixed(2));
  }

  #muted(): boolean {
    const audio = [...this.#participant.audioTrackPublications.values()];
    if (audio.length === 0) return this.#self || !this.#phone;
    return audio.every((publication) => publication.isMuted);
  }

  #status(muted: boolean): string {
    const status = this.#phone ? this.#participant.attributes['sip.callStatus'] : undefined;
    if (status === 'ringing' || status === 'dialing') return 'Ringing…';
    if (status === 'automation') return 'Listening to an announcement';
    return muted ? 'Muted' : '';
  }
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

/** The same colour for the same person everywhere. */
function hue(identity: string): number {
  let sum = 7;
  for (const letter of identity) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}
