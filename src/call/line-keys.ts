import type { Clock, Millis } from '../base/clock.ts';
import type { EventSink } from '../events/index.ts';
import type { LegId } from '../media/protocol.ts';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { DtmfMode } from '../trunk/trunk.ts';
import type { DialogRequests } from './dialog-requests.ts';
import { KeyMerger, type KeyWay, keyWays } from './key-ways.ts';

export interface LineKeysOptions {
  /** The call, `SCL_…`. */
  readonly id: string;
  readonly leg: LegId;
  readonly mode: DtmfMode;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly requests: Pick<DialogRequests, 'allowsInfo' | 'press'>;
  /** The phone agreed on telephone-events. */
  readonly hasEvents: () => boolean;
  readonly room: () => { readonly room: RoomHandle; readonly participant: Participant } | undefined;
  /** True: the key is not for the room, and nobody else may know which it was. */
  readonly intercept: (digit: string) => boolean;
}

/** A phone's keys, both ways. */
export class LineKeys {
  readonly #options: LineKeysOptions;
  readonly #merger = new KeyMerger();

  constructor(options: LineKeysOptions) {
    this.#options = options;
  }

  /** Sends a key to the phone, by the trunk's way. */
  press(digit: string, durationMs: Millis): void {
    const { leg, mode, requests } = this.#options;
    const room = this.#options.room()?.room;
    const hasEvents = this.#options.hasEvents();
    for (const way of keyWays(mode, { hasEvents, allowsInfo: requests.allowsInfo })) {
      if (way === 'info') requests.press(digit, durationMs);
      else if (way === 'rtp') room?.media({ type: 'leg.dtmf', leg, digit, durationMs });
      else room?.media({ type: 'leg.dtmf', leg, digit, durationMs, form: 'tone' });
    }
  }

  /** The phone pressed a key, and may tell it by several ways: the room hears it once. */
  heard(way: KeyWay, digit: string, durationMs: Millis): void {
    const { clock, emit, id, intercept } = this.#options;
    if (!this.#merger.isNew(way, digit, clock.now()) || intercept(digit)) return;
    emit({ type: 'call.dtmf', call: id, digit, durationMs });
    const place = this.#options.room();
    place?.room.pressKey(place.participant, digit, []);
  }
}
