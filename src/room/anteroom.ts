import type { MediaCommand, MediaEvent } from '../media/protocol.ts';
import type { MediaWorker, MediaWorkers } from './media-workers.ts';
import type { AnteroomHandle, RoomHandle } from './ports.ts';

export interface AnteroomOptions {
  readonly sid: string;
  readonly worker: MediaWorker;
  readonly workers: MediaWorkers;
  readonly onClose: () => void;
}

/**
 * A room of the media worker's that has no name and no participants: one phone's media, before it is let in anywhere, or a
 * connection test's.
 */
export class Anteroom implements AnteroomHandle {
  readonly sid: string;
  readonly worker: MediaWorker;
  readonly #options: AnteroomOptions;
  #isClosed = false;

  constructor(options: AnteroomOptions) {
    this.sid = options.sid;
    this.worker = options.worker;
    this.#options = options;
    this.worker.rooms++;
    this.worker.send({ type: 'room.open', room: this.sid });
  }

  get ice(): RoomHandle['ice'] {
    const { fingerprint, icePort } = this.worker;
    return { port: icePort, fingerprint };
  }

  media(command: MediaCommand): void {
    this.worker.send(command);
  }

  listen(id: string, listener: (event: MediaEvent) => void): void {
    this.#options.workers.listen(id, listener);
  }

  unlisten(id: string): void {
    this.#options.workers.unlisten(id);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.worker.rooms--;
    this.worker.send({ type: 'room.close', room: this.sid });
    this.#options.onClose();
  }
}
