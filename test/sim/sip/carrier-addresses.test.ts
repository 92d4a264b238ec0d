/** A carrier with several addresses: what belongs to a call may come from any of them, from nobody else. */
import { expect, test } from 'vitest';
import { ANSWER, flowFrom, OFFER, Scene } from './scene.ts';

const OTHER = flowFrom('192.0.2.11');
const STRANGER = flowFrom('198.51.100.66');

function carrier(): Scene {
  const isCarrier = (address: string) => address.startsWith('192.0.2.');
  return new Scene({
    isTrustedPeer: (flow, dialogFlow) =>
      isCarrier(flow.remote.address) && isCarrier(dialogFlow.remote.address),
  });
}

test('ACK, INFO and BYE from another address of the same trunk; the answers go where each came from', () => {
  const scene = carrier();
  scene.send('INVITE', { body: OFFER });
  scene.invites[0]!.accept(ANSWER);
  const toTag = scene.ourTag;
  scene.send('ACK', { toTag, branch: 'ack1', flow: OTHER });
  scene.send('INFO', { toTag, cseq: 2, flow: OTHER });
  expect(scene.sent.at(-1)?.flow).toBe(OTHER);
  scene.send('BYE', { toTag, cseq: 3, flow: STRANGER });
  scene.send('BYE', { toTag, cseq: 4, flow: OTHER });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 < 200 INVITE
    0 > ACK 1
    0 * confirmed
    0 > INFO 2
    0 * requested INFO
    0 < 200 INFO
    0 > BYE 3
    0 > BYE 4
    0 < 200 BYE
    0 * ended bye
  `);
  expect(scene.drops()).toEqual({ 'foreign-source': 1 });
  scene.checkNothingLeft();
});

test('a CANCEL from another address of the trunk ends the INVITE, a stranger\u2019s does not', () => {
  const scene = carrier();
  scene.send('INVITE', { body: OFFER });
  scene.send('CANCEL', { branch: 'INVITE1', flow: STRANGER });
  scene.send('CANCEL', { branch: 'INVITE1', flow: OTHER });
  scene.check(`
    0 > INVITE 1
    0 * invite
    0 < 100 INVITE
    0 > CANCEL 1
    0 > CANCEL 1
    0 < 200 CANCEL
    0 < 487 INVITE
    0 * ended cancel
  `);
});
