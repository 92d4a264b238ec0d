/** Rows 1, 2 and 4: private addresses in Via, Contact and SDP, and no rport. */
import { expect, test } from 'vitest';
import { rowWorld } from './raw-carrier.ts';

test('rows 1 and 4: a private Via without rport and a private Contact: answers and BYE go where the INVITE came from', () => {
  const { carrier, gateway, pass, net, finish } = rowWorld();
  carrier.send('INVITE', {
    via: '192.168.7.7:5099',
    headers: ['Contact: <sip:far@192.168.7.7:5099>'],
    sdp: carrier.sdp(),
  });
  pass(200);
  expect(carrier.responses('INVITE')).toEqual([180, 200]);
  expect(carrier.last('SIP/2.0 200')).toContain(`;received=${carrier.address};rport=5060`);
  // What it shall reach us by is our own address, in Contact and in c=.
  expect(carrier.last('SIP/2.0 200')).toMatch(/^Contact: <sip:[^>]*10\.0\.0\.1:5060/m);
  expect(carrier.last('SIP/2.0 200')).toMatch(/^c=IN IP4 10\.0\.0\.1\r$/m);
  carrier.send('ACK', { cseq: 1, via: '192.168.7.7:5099' });
  pass(100);
  gateway.door.stop();
  pass(100);
  expect(carrier.requests).toEqual(['BYE']);
  // Its Contact is where the request is for; the packet itself went to the source.
  expect(carrier.last('BYE')).toMatch(/^BYE sip:far@192\.168\.7\.7:5099 /);
  net.run(net.now() + 1000);
  finish();
});

test('row 2: private SDP: RTP from the source of the signaling is learned, once, and a third party is not', () => {
  const { carrier, net, gateway, listener, pass, heardFor, finish } = rowWorld();
  const thief = net.open('10.0.1.77', 6000);
  const stolen: unknown[] = [];
  thief.onDatagram = (bytes) => stolen.push(bytes);
  const behind = net.open(carrier.address, 4711);
  let came = 0;
  behind.onDatagram = () => void came++;
  carrier.send('INVITE', { sdp: carrier.sdp().replace(/^c=.*$/m, 'c=IN IP4 192.168.7.7') });
  pass(200);
  carrier.send('ACK', { cseq: 1 });
  // Nobody is allowed to take the call over: an address that neither SDP nor signaling named.
  carrier.talk = { frameMs: 20, law: 'pcma', from: thief };
  expect(heardFor(500)).toBeLessThan(-60);
  expect(stolen).toEqual([]);
  carrier.talk = { frameMs: 20, law: 'pcma', from: behind };
  pass(200);
  expect(heardFor(500)).toBeGreaterThan(-18);
  expect(came).toBeGreaterThan(20);
  // Once learned, another port of the same address does not take it.
  carrier.stream.ssrc = 2;
  carrier.talk = { frameMs: 20, law: 'pcma', from: carrier.media };
  pass(100);
  const before = carrier.rtp.length;
  pass(500);
  expect(carrier.rtp.length).toBe(before);
  expect(gateway.faults).toEqual([]);
  expect(listener.ended).toBeUndefined();
  finish();
});
