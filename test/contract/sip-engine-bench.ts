import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { fromUtf8, utf8 } from '../../src/base/bytes.ts';
import type { CallHandler, IncomingInvite, OutgoingHandler, SipCall } from '../../src/sip/ports.ts';
import { eventually } from '../support/eventually.ts';
import { type HandDialog, HandPeer } from '../support/hand-peer.ts';
import type { EngineUnderTest } from './sip-engine.ts';

export const offer = sdp('1 1', 'sendrecv');
export const answer = sdp('2 1', 'sendrecv');
export const hold = sdp('1 2', 'sendonly');
export const held = sdp('2 2', 'recvonly');

function sdp(version: string, direction: string): string {
  return [
    'v=0',
    `o=- ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=audio 40000 RTP/AVP 8',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** What happened to a call, in one line each. */
export class Recorder implements OutgoingHandler {
  readonly told: string[] = [];
  reoffer: CallHandler['reoffered'] = (_request, _offer, settle) => settle.reject(488);
  status = 200;

  confirmed(sdp: Uint8Array | undefined): void {
    this.told.push(`confirmed ${textOf(sdp)}`);
  }

  reoffered(...what: Parameters<CallHandler['reoffered']>): void {
    this.told.push(`reoffered ${what[0].method} ${textOf(what[1])}`);
    this.reoffer(...what);
  }

  earlyAnswer(sdp: Uint8Array | undefined): void {
    this.told.push(`early answer ${textOf(sdp)}`);
  }

  requested(request: Parameters<CallHandler['requested']>[0]): number {
    this.told.push(`requested ${request.method} ${request.contentType} ${fromUtf8(request.body)}`);
    return this.status;
  }

  ended(end: Parameters<CallHandler['ended']>[0]): void {
    const { by, ...rest } = end;
    this.told.push(`ended ${by} ${Object.values(rest).join(' ')}`.trimEnd());
  }

  progressed(status: number, sdp: Uint8Array | undefined): void {
    this.told.push(`progressed ${status} ${textOf(sdp)}`);
  }

  answered(sdp: Uint8Array | undefined): void {
    this.told.push(`answered ${textOf(sdp)}`);
  }

  /** Waits until one of the lines begins with `start`. */
  async expect(start: string): Promise<string> {
    return eventually(`${start} among ${this.told.join(' | ')}`, 15_000, () =>
      this.told.find((line) => line.startsWith(start)),
    );
  }
}

/** SDP in one word: whose it is, and which version. */
function textOf(sdp: Uint8Array | undefined): string {
  if (sdp === undefined) return 'nothing';
  return { [offer]: 'offer', [answer]: 'answer', [hold]: 'hold', [held]: 'held' }[fromUtf8(sdp)] ?? '?';
}

/** The engine of a group of tests, and what each test uses with it. */
export interface Bench {
  readonly under: EngineUnderTest;
  /** Another far end, closed after the test. */
  peer(address?: string): Promise<HandPeer>;
  /** The next INVITE is given to `take`. */
  onInvite(take: (invite: IncomingInvite) => void): void;
  /** A call that the far end made and which is up. */
  calledIn(headers?: readonly string[]): Promise<Established & { readonly call: SipCall }>;
}

export interface Established {
  readonly peer: HandPeer;
  readonly dialog: HandDialog;
  readonly recorder: Recorder;
}

/** One engine for the tests of a `describe`. After each, nothing may be left of its calls. */
export function withEngine(open: () => Promise<EngineUnderTest>): () => Bench {
  let under: EngineUnderTest;
  const peers: HandPeer[] = [];
  beforeAll(async () => {
    under = await open();
  });
  afterEach(async () => {
    await eventually('no call is left', 15_000, () => under.engine.gauges().calls === 0);
    for (const peer of peers.splice(0)) peer.close();
    under.engine.onInvite = (invite) => invite.reject(480);
    under.engine.authorize = () => undefined;
    expect(under.faults.splice(0)).toEqual([]);
  });
  afterAll(() => under.stop());

  const bench = {
    get under() {
      return under;
    },
    async peer(address?: string) {
      const peer = await HandPeer.open(under.port, address);
      peers.push(peer);
      return peer;
    },
    onInvite(take: (invite: IncomingInvite) => void) {
      under.engine.onInvite = take;
    },
    async calledIn(headers: readonly string[] = []) {
      const peer = await bench.peer();
      const dialog = peer.newDialog();
      const recorder = new Recorder();
      let call: SipCall | undefined;
      bench.onInvite((invite) => {
        invite.handler = recorder;
        call = invite.accept(utf8(answer));
      });
      peer.request('INVITE', dialog, { body: offer, headers });
      peer.answered(dialog, await peer.next('SIP/2.0 200'));
      peer.request('ACK', dialog, { cseq: dialog.cseq });
      await recorder.expect('confirmed');
      recorder.told.length = 0;
      return { peer, dialog, recorder, call: call! };
    },
  };
  return () => bench;
}

/** BYE of the far end, answered and told once. */
export async function hangUp({ peer, dialog, recorder }: Established): Promise<void> {
  peer.request('BYE', dialog);
  await peer.next('SIP/2.0 200');
  await recorder.expect('ended bye');
  expect(recorder.told.filter((line) => line.startsWith('ended'))).toHaveLength(1);
}
