/** Rows 11, 12, 14, 15, 17 and 19: lost, crossing and doubled signaling, by the wire. */
import { describe, expect, test } from 'vitest';
import { rowWorld } from './raw-carrier.ts';

test('row 11: without an ACK the 200 is resent from T1 to T2 for 32 s, then BYE ends the call', () => {
  const { carrier, gateway, net, pass, finish } = rowWorld();
  carrier.send('INVITE', { sdp: carrier.sdp() });
  const start = net.now();
  pass(200);
  carrier.talk = { frameMs: 20, law: 'pcma' };
  pass(33_000);
  const answers = carrier.got.filter(
    ({ text }) => text.startsWith('SIP/2.0 200') && text.includes(' INVITE\r'),
  );
  const gaps = answers.slice(1).map(({ at }, i) => Math.round((at - answers[i]!.at) / 100) * 100);
  expect(gaps).toEqual([500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000]);
  expect(carrier.requests).toEqual(['BYE']);
  const bye = carrier.got.find(({ text }) => text.startsWith('BYE'))!;
  expect(Math.abs(bye.at - start - 32_000)).toBeLessThan(100);
  const ended = gateway.events.find((event) => event.type === 'call.ended');
  expect(ended).toMatchObject({ ending: { cause: 'ack-timeout' } });
  finish();
});

describe('row 12: CANCEL', () => {
  test('before the answer: 200 and 487', () => {
    const { carrier, net, pass, finish } = rowWorld();
    carrier.send('INVITE', { branch: 'one', sdp: carrier.sdp() });
    // A port takes a millisecond to bind; the CANCEL is there at the same moment as the INVITE.
    carrier.send('CANCEL', { branch: 'one', cseq: 1 });
    net.run(net.now() + 10);
    expect(carrier.finals('CANCEL')).toEqual([200]);
    expect(carrier.finals('INVITE')).toEqual([487]);
    carrier.send('ACK', { branch: 'one', cseq: 1 });
    pass(1000);
    expect(carrier.requests).toEqual([]);
    finish();
  });

  test('after the 200: 200, and the call is there until its BYE', () => {
    const { carrier, pass, heardFor, finish } = rowWorld();
    carrier.send('INVITE', { branch: 'one', sdp: carrier.sdp() });
    pass(200);
    carrier.send('CANCEL', { branch: 'one', cseq: 1, toTag: '' });
    pass(100);
    expect(carrier.finals('CANCEL')).toEqual([200]);
    carrier.send('ACK', { cseq: 1 });
    carrier.talk = { frameMs: 20, law: 'pcma' };
    pass(500);
    expect(heardFor(500)).toBeGreaterThan(-18);
    expect(carrier.finals('INVITE')).toEqual([200]);
    finish();
  });
});

test('row 14: an INVITE sent again is one call; the same call by another way gets 482', () => {
  const { carrier, gateway, pass, finish } = rowWorld();
  carrier.send('INVITE', { branch: 'one', cseq: 1, sdp: carrier.sdp() });
  carrier.send('INVITE', { branch: 'one', cseq: 1, sdp: carrier.sdp() });
  carrier.send('INVITE', { branch: 'two', cseq: 1, sdp: carrier.sdp() });
  pass(200);
  const finals = carrier.finals('INVITE');
  expect([...new Set(finals)].toSorted()).toEqual([200, 482]);
  carrier.send('ACK', { branch: 'two', cseq: 1, toTag: '' });
  carrier.send('ACK', { branch: 'ack', cseq: 1, toTag: tagOf200(carrier.last('SIP/2.0 200')) });
  pass(5000);
  // One call besides the listener's.
  expect(gateway.events.filter(({ type }) => type === 'call.received')).toHaveLength(2);
  expect(carrier.requests).toEqual([]);
  finish();
});

test('row 15: the dialog is Call-ID and both tags: another Request-URI, From or Contact is the same call', () => {
  const { carrier, establish, pass, heardFor, finish } = rowWorld();
  establish();
  carrier.send('INVITE', {
    cseq: 2,
    uri: 'sip:whatever-the-contact-was@10.0.0.1:5060;x=y',
    from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    headers: ['Contact: "Another" <sip:elsewhere@10.0.1.9:5060>', 'Supported: timer'],
    sdp: carrier.sdp(),
  });
  pass(100);
  expect(carrier.finals('INVITE')).toEqual([200, 200]);
  carrier.send('ACK', { cseq: 2 });
  carrier.send('INVITE', { cseq: 3, toTag: 'no-tag-of-ours', sdp: carrier.sdp() });
  pass(100);
  expect(carrier.finals('INVITE')).toEqual([200, 200, 481]);
  carrier.send('ACK', { cseq: 3, toTag: 'no-tag-of-ours' });
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});

test('row 17: Require: precondition gets 420 that names it, and the second INVITE right after is served', () => {
  const { carrier, pass, heardFor, finish } = rowWorld();
  carrier.send('INVITE', {
    branch: 'one',
    headers: ['Contact: <sip:far@10.0.1.9>', 'Require: precondition', 'Supported: 100rel, timer'],
    sdp: carrier.sdp(),
  });
  pass(20);
  expect(carrier.finals('INVITE')).toEqual([420]);
  expect(carrier.last('SIP/2.0 420')).toMatch(/^Unsupported: precondition\r$/m);
  carrier.send('ACK', { branch: 'one', cseq: 1 });
  carrier.send('INVITE', { sdp: carrier.sdp() });
  pass(200);
  expect(carrier.finals('INVITE')).toEqual([420, 200]);
  carrier.send('ACK', { cseq: 2 });
  carrier.talk = { frameMs: 20, law: 'pcma' };
  pass(500);
  expect(heardFor(500)).toBeGreaterThan(-18);
  finish();
});

test('row 19: BYEs that cross are both answered, and a second BYE gets 481', () => {
  const { carrier, gateway, net, establish, pass, finish } = rowWorld();
  establish();
  gateway.door.stop();
  carrier.talk = undefined;
  carrier.send('BYE', { cseq: 2 });
  net.run(net.now() + 50);
  expect(carrier.requests).toEqual(['BYE']);
  expect(carrier.finals('BYE')).toEqual([200]);
  pass(1000);
  carrier.send('BYE', { cseq: 3 });
  pass(50);
  expect(carrier.finals('BYE')).toEqual([200, 481]);
  finish();
});

function tagOf200(text: string): string {
  return /^To:.*;tag=([^;\r]+)/m.exec(text)?.[1] ?? '';
}
