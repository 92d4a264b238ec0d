import type { Buffer as NodeBuffer } from 'node:buffer';
import type { ApplicationLayer, DtlsDrop, DtlsRejection } from '../../media/dtls-port.ts';
import type { DataChannelLabel } from '../../media/protocol.ts';
import { type SrtpProfile, saltLength } from '../../rtp/srtp/key-derivation.ts';
import { PROFILES, type SessionOptions } from './either-role.ts';
import type { DueMessages } from './handshake-order.ts';
import { ALERT, type ProtectedRecords } from './protected-records.ts';
import { ContentType, type DtlsRecord, splitRecords } from './records.ts';

/** What is the client's, or the server's, alone. */
export interface AssociationRole {
  /** Takes the fragments of a record in the clear; answers the messages that are due. */
  order(fragments: NodeBuffer): DueMessages;
  onMessage(message: NodeBuffer): void;
  /** A record under keys that are not proven yet. */
  onEarly(record: DtlsRecord): void;
  /** A handshake message under the keys, though there is an association. */
  onRepeated(record: DtlsRecord, plain: Uint8Array): void;
  /** Says a fatal alert to a peer that is refused. */
  refuse(alert: Uint8Array): void;
  /** What opens and seals now. */
  records(): ProtectedRecords;
  /** Nothing may be repeated any more. */
  onEnd(): void;
}

/** Where werift keeps what the handshake came to. */
interface Handshake {
  readonly srtp: { readonly srtpProfile?: number | undefined };
  extractSessionKeys(
    keyLength: number,
    saltLength: number,
  ): { localKey: Uint8Array; localSalt: Uint8Array; remoteKey: Uint8Array; remoteSalt: Uint8Array };
}

/**
 * An association in either role: what comes is cut into records, those in the clear count in the handshake alone, and once there
 * are keys an alert or data must be under them.
 */
export class Association {
  readonly #options: SessionOptions;
  readonly #role: AssociationRole;
  #application: ApplicationLayer | undefined;
  /** `waiting`: nothing may be said or heard yet. */
  state: 'waiting' | 'handshake' | 'connected' | 'closed';

  constructor(options: SessionOptions, role: AssociationRole, state: 'waiting' | 'handshake') {
    this.#options = options;
    this.#role = role;
    this.state = state;
  }

  receive(bytes: Uint8Array): void {
    if (this.state === 'closed') {
      this.drop('closed');
      return;
    }
    const records = splitRecords(bytes);
    if (records === undefined) {
      this.drop('malformed');
      return;
    }
    for (const record of records) {
      if (record.epoch === 0) this.#onClear(record);
      else if (record.epoch !== 1) this.drop('unexpected-record');
      else if (this.state === 'connected') this.#onProtected(record);
      else if (this.state === 'handshake' && record.contentType === ContentType.handshake)
        this.#role.onEarly(record);
      else this.drop('unexpected-record');
    }
  }

  sendData(channel: DataChannelLabel, bytes: Uint8Array): boolean {
    return this.state === 'connected' && (this.#application?.send(channel, bytes) ?? false);
  }

  /** The peer has proven itself: keys are told, unless both have no SRTP profile in common. */
  connect(handshake: Handshake): void {
    const profile = PROFILES.get(handshake.srtp.srtpProfile ?? 0);
    if (profile === undefined) this.reject('no-srtp-profile');
    else this.#connect(profile, handshake);
  }

  #connect(profile: SrtpProfile, handshake: Handshake): void {
    const { localKey, localSalt, remoteKey, remoteSalt } = handshake.extractSessionKeys(
      16,
      saltLength(profile),
    );
    this.state = 'connected';
    this.#application = this.#options.application(
      (bytes) => this.protect(ContentType.applicationData, bytes),
      (event) => {
        if (this.state === 'connected') this.#options.onEvent(event);
      },
    );
    this.#options.onEvent({
      type: 'connected',
      profile,
      local: { key: localKey, salt: localSalt },
      remote: { key: remoteKey, salt: remoteSalt },
    });
  }

  /** The peer is none that was expected. */
  reject(reason: DtlsRejection): void {
    const description = reason === 'fingerprint' ? ALERT.badCertificate : ALERT.decryptError;
    this.#role.refuse(Uint8Array.of(ALERT.fatal, description));
    this.#end();
    this.#options.onEvent({ type: 'rejected', reason });
  }

  /** Says close_notify if connected; nothing is said or told any more. */
  close(): void {
    if (this.state === 'connected') {
      this.#application?.close();
      this.protect(ContentType.alert, Uint8Array.of(ALERT.warning, ALERT.closeNotify));
    }
    this.#end();
  }

  /** Sends a record under the keys. */
  protect(contentType: number, bytes: Uint8Array): void {
    if (this.state !== 'closed') this.#options.send(this.#role.records().seal(contentType, bytes));
  }

  drop(reason: DtlsDrop): void {
    this.#options.onEvent({ type: 'dropped', reason });
  }

  /** Anybody can write these. Connected, werift would reset for a ClientHello and close for an alert. */
  #onClear({ contentType, fragment }: DtlsRecord): void {
    if (this.state !== 'handshake') {
      this.drop(this.state === 'connected' ? 'epoch-0' : 'unexpected-record');
      return;
    }
    switch (contentType) {
      case ContentType.handshake: {
        const { messages, fault } = this.#role.order(fragment);
        if (fault !== undefined) this.drop(fault);
        for (const message of messages) this.#role.onMessage(message);
        return;
      }
      case ContentType.changeCipherSpec:
        return;
      case ContentType.alert:
        this.drop('alert-in-clear');
        return;
      default:
        this.drop('unexpected-record');
    }
  }

  #onProtected(record: DtlsRecord): void {
    const plain = this.#role.records().open(record);
    if (typeof plain === 'string') {
      this.drop(plain);
      return;
    }
    switch (record.contentType) {
      case ContentType.applicationData:
        this.#application?.receive(plain);
        return;
      case ContentType.alert:
        if (endsAssociation(plain)) this.#onPeerClosed();
        return;
      case ContentType.handshake:
        this.#role.onRepeated(record, plain);
        return;
      default:
        this.drop('unexpected-record');
    }
  }

  #onPeerClosed(): void {
    this.#application?.close();
    this.#end();
    this.#options.onEvent({ type: 'closed' });
  }

  #end(): void {
    this.state = 'closed';
    this.#role.onEnd();
  }
}

/** Whether an alert ends the association: close_notify, or any fatal one (RFC 5246 section 7.2). */
function endsAssociation(alert: Uint8Array): boolean {
  return alert.length === 2 && (alert[1] === ALERT.closeNotify || alert[0] === ALERT.fatal);
}
