import { expect, test } from 'vitest';
import { freeIdentity, phoneParticipant } from '../../../src/trunk/participant.ts';
import { rule, trunk } from './trunks.ts';

const call = { trunk: trunk(), called: '+60312345678', caller: '+60123456789', hidden: false };
const facts = { callId: 'SCL_abc', display: '', status: 'active' } as const;

test('a phone has LiveKit\u2019s names', () => {
  const phone = phoneParticipant(rule({ attributes: { team: 'a' }, metadata: 'm' }), call, facts);
  expect(phone).toMatchObject({ identity: 'sip_+60123456789', name: 'Phone +60123456789', metadata: 'm' });
  expect(Object.fromEntries(phone.attributes)).toEqual({
    team: 'a',
    'sip.callID': 'SCL_abc',
    'sip.callStatus': 'active',
    'sip.trunkID': 'carrier',
    'sip.ruleID': 'rooms',
    'sip.trunkPhoneNumber': '+60312345678',
    'sip.phoneNumber': '+60123456789',
  });
});

test('a rule\u2019s attributes cannot forge those of the call', () => {
  const phone = phoneParticipant(rule({ attributes: { 'sip.callID': 'x' } }), call, facts);
  expect(phone.attributes.get('sip.callID')).toBe('SCL_abc');
});

test('a hidden number is nowhere', () => {
  const phone = phoneParticipant(rule({ hidePhoneNumber: true }), call, {
    ...facts,
    display: '+60123456789',
  });
  expect(phone.identity).toBe('sip_SCL_abc');
  expect(phone.name).toBe('Phone …89');
  expect(JSON.stringify([phone, ...phone.attributes])).not.toContain('123456789');
});

test('anonymous callers are apart', () => {
  const phone = phoneParticipant(rule(), { ...call, caller: 'anonymous' }, facts);
  expect(phone.identity).toBe('sip_SCL_abc');
  expect(phone.attributes.has('sip.phoneNumber')).toBe(false);
});

test('a display name is shown without what would disturb a page or a log', () => {
  expect(phoneParticipant(rule(), call, { ...facts, display: 'A\u202enna\r\n' }).name).toBe('Anna');
  expect(phoneParticipant(rule(), call, { ...facts, display: 'x'.repeat(65) }).name).toBe(
    'Phone +60123456789',
  );
});

test('two calls of one number are two participants', () => {
  const taken = new Set(['sip_1', 'sip_1_2']);
  expect(freeIdentity('sip_1', (identity) => taken.has(identity))).toBe('sip_1_3');
  expect(freeIdentity('sip_2', (identity) => taken.has(identity))).toBe('sip_2');
});
