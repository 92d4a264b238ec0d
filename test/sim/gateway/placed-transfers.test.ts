/** Calls that we placed, and whose phones hand them on: by REFER, and by an INVITE with Replaces from where their trunk is. */
import { describe, expect, test } from 'vitest';
import type { IncomingInvite } from '../../../src/sip/ports.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import type { InboundTrunk, TransferPolicy } from '../../../src/trunk/trunk.ts';
import { VirtualCarrier } from '../../support/virtual-carrier.ts';
import { outboundTrunk } from '../../unit/trunk/trunks.ts';
import { RawCarrier, rowWorld } from '../rows/raw-carrier.ts';

const POLICY: TransferPolicy = { trunk: 'other', numbers: ['+6012*'], maxPerCall: 2, maxAtOnce: 1 };

/** A call that we placed to a PBX at 10.0.1.9, somebody in its room, and where its REFERs lead. */
function placed(own: Partial<OutboundTrunk> = {}, inbound: Partial<InboundTrunk> = {}) {
  const other = outboundTrunk({ id: 'other', numbers: ['+60388880000'] });
  const world = rowWorld({
    trunk: { allowedAddresses: ['10.0.1.9', '10.0.1.7'], ...inbound },
    outbound: [other],
  });
  const { gateway, net, pass } = world;
  // It stands beside the carrier that writes by hand, which has port 5060 there.
  const target = { host: '10.0.1.9', port: 5070, transport: 'udp', priority: 1, weight: 1 } as const;
  const pbx = new VirtualCarrier(
    net,
    '10.0.1.9',
    (invite, carrier) => {
      carrier.call = invite.accept(carrier.sdp);
    },
    { port: 5070 },
  );
  const endings: string[] = [];
  const trunk = outboundTrunk({ id: 'out', targets: [target], domain: '10.0.1.9', ...own });
  const order = gateway.dialer.placeCall(
    { trunk, to: '1001', room: 'lobby', attributes: new Map([['team', 'red']]) },
    { ringing() {}, answered() {}, over: ({ cause }) => void endings.push(cause) },
  );
  if (!order.ok) throw new Error(order.error);
  pass(500);
  const dialog = pbx.call!.dialog!;
  const desk = new RawCarrier(net, '10.0.1.7');
  desk.callId = 'desk@pbx';
  return {
    ...{ ...world, pbx, desk, endings, order: order.value },
    people: () => [...gateway.rooms.find('lobby')!.participants.values()],
    refer: (to: string): number[] => {
      const statuses: number[] = [];
      pbx.call!.request('REFER', '', new Uint8Array(0), (status) => statuses.push(status), {
        headers: [['Refer-To', to]],
      });
      pass(300);
      return statuses;
    },
    /** INVITE from the desk in the place of the call. */
    take: (change: (replaces: string) => string = (same) => same) => {
      const replaces = change(`${dialog.callId};to-tag=${dialog.remoteTag};from-tag=${dialog.localTag}`);
      desk.send('INVITE', {
        sdp: desk.sdp(),
        headers: ['Contact: <sip:desk@10.0.1.7>', `Replaces: ${replaces}`],
        uri: 'sip:10.0.0.1:5060',
      });
      pass(300);
      const status = desk.finals('INVITE').at(-1);
      if (status === 200) desk.send('ACK', { cseq: 1 });
      pass(300);
      return status;
    },
    refusals: () => gateway.events.flatMap((event) => (event.type === 'call.refused' ? [event.reason] : [])),
    end: () => {
      if (desk.toTag !== '') desk.send('BYE');
      pbx.call?.bye();
      world.finish();
    },
  };
}

describe('a REFER in a call that we placed', () => {
  test('is refused without a policy', () => {
    const { refer, gateway, end } = placed();
    expect(refer('<sip:+60123456789@pbx.example>')).toEqual([603]);
    expect(gateway.events).toContainEqual(
      expect.objectContaining({ type: 'call.referred', result: 'transfers-refused' }),
    );
    end();
  });

  test('calls by the policy’s trunk into the room, and our call ends', () => {
    const world = placed({ transfers: POLICY });
    const callee = new VirtualCarrier(world.net, '10.0.2.1', (invite: IncomingInvite, carrier) => {
      carrier.call = invite.accept(carrier.sdp);
    });
    expect(world.refer('<sip:+60123456789@pbx.example>')).toEqual([202]);
    expect(callee.invites[0]!.request.from.uri.user).toBe('+60388880000');
    world.pass(2500);
    expect(world.endings).toEqual(['transferred']);
    expect(world.pbx.ends).toMatchObject([{ by: 'bye' }]);
    expect(world.people().map(({ identity }) => identity)).toContain('sip_+60123456789');
    expect(world.gateway.events.filter(({ type }) => type === 'call.referred')).toMatchObject([
      { result: 'followed', kind: 'blind', status: 202 },
    ]);
    callee.call!.bye();
    world.end();
  });

  test('calls nobody whom the policy does not name', () => {
    const { refer, end } = placed({ transfers: POLICY });
    expect(refer('<sip:+447700900123@pbx.example>')).toEqual([603]);
    end();
  });
});

describe('an INVITE with Replaces that names a call that we placed', () => {
  const ALLOWED = { transfers: { ...POLICY, trunk: undefined, numbers: [] } };

  test('takes its place, from another address of the trunk: same room, same attributes, BYE to the old one', () => {
    const { take, pbx, people, endings, desk, end } = placed(ALLOWED);
    expect(take()).toBe(200);
    expect(pbx.ends).toMatchObject([{ by: 'bye' }]);
    expect(endings).toEqual(['replaced']);
    const now = people().find(({ attributes }) => attributes.get('sip.trunkID') === 'odd')!;
    expect(Object.fromEntries(now.attributes)).toMatchObject({ team: 'red', 'sip.callStatus': 'active' });
    expect(now.attributes.has('sip.ruleID')).toBe(false);
    expect(desk.requests).toEqual([]);
    end();
  });

  test.each([
    ['the trunk that we placed it by allows none', {}, {}, 603, 'transfers-refused'],
    [
      'its far end is not where the INVITE’s trunk is',
      ALLOWED,
      { allowedAddresses: ['10.0.1.7'] },
      603,
      'transfers-refused',
    ],
    [
      'likewise, but that trunk allows transfers of its own',
      ALLOWED,
      { allowedAddresses: ['10.0.1.7'], ...ALLOWED },
      481,
      'no-replaced-call',
    ],
  ] as const)('%s: refused, and the call goes on', (_why, own, inbound, status, reason) => {
    const { take, refusals, pbx, endings, end } = placed(own, inbound);
    expect(take()).toBe(status);
    expect(refusals()).toEqual([reason]);
    expect(pbx.ends).toEqual([]);
    expect(endings).toEqual([]);
    end();
  });

  test('another tag: nobody learns whether there is such a call', () => {
    const { take, refusals, pbx, end } = placed(ALLOWED, ALLOWED);
    expect(take((own) => own.replace('from-tag=', 'from-tag=x'))).toBe(481);
    expect(refusals()).toEqual(['no-replaced-call']);
    expect(pbx.ends).toEqual([]);
    end();
  });

  test('once it has ended: 603', () => {
    const { take, refusals, order, pass, end } = placed(ALLOWED);
    order.hangUp();
    pass(2000);
    expect(take()).toBe(603);
    expect(refusals()).toEqual(['replaced-ended']);
    end();
  });

  test('where the trunk that it comes by asks for credentials, it is challenged', () => {
    const auth = { username: 'u', password: 'p', realm: 'r', algorithms: ['MD5'] } as const;
    const { take, pbx, end } = placed(ALLOWED, { auth, numbers: ['never'] });
    expect(take()).toBe(401);
    expect(pbx.ends).toEqual([]);
    end();
  });
});
