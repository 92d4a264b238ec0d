import { describe, expect, test } from 'vitest';
import { faults, KEYS } from './given.ts';

describe('faults have their place', () => {
  test.each<[name: string, text: string, fault: string]>([
    ['unknown section', `${KEYS}\ncolour: red`, 'trunkroom.yaml:2:1 colour: unknown key'],
    [
      'unknown key',
      `${KEYS}\nsip:\n  prot: 5061`,
      'trunkroom.yaml:3:3 sip.prot: unknown key (did you mean port?)',
    ],
    [
      'wrong type',
      `${KEYS}\nsip:\n  port: five`,
      'trunkroom.yaml:3:9 sip.port: expected number, received string',
    ],
    ['a section that is none', `${KEYS}\nsip: 5`, 'trunkroom.yaml:2:6 sip: expected object, received number'],
    [
      'a duration without unit',
      `${KEYS}\nrtp: { media_timeout: 30 }`,
      'trunkroom.yaml:2:23 rtp.media_timeout: a duration with its unit is expected, such as 500ms, 30s, 5m, 1h',
    ],
    [
      'ports the wrong way round',
      `${KEYS}\nrtp:\n  ports: 20-10`,
      'trunkroom.yaml:3:10 rtp.ports: the first port must be lower than the last, both between 1 and 65535',
    ],
    [
      'a syntax error',
      `${KEYS}\nsip: {port: 1`,
      'trunkroom.yaml:2:14: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    ['a key twice', `${KEYS}\nsip: {}\nsip: {}`, 'trunkroom.yaml:3:1: Map keys must be unique'],
    ['no map', '- a', 'trunkroom.yaml:1:1: a map of sections is expected'],
    [
      'a trunk without addresses',
      `${KEYS}\ntrunks:\n  - id: a`,
      'trunkroom.yaml:3:5 trunks[0].allowed_addresses: is required',
    ],
    [
      'a trunk with none',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: []`,
      'trunkroom.yaml:4:24 trunks[0].allowed_addresses: at least one address or CIDR is needed: nobody is admitted whom no trunk names',
    ],
    [
      'a trunk for everybody',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [0.0.0.0/0]`,
      'trunkroom.yaml:4:25 trunks[0].allowed_addresses[0]: this names everybody; name the carrier’s own addresses',
    ],
    [
      'a trunk by name',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [sip.example.com]`,
      'trunkroom.yaml:4:25 trunks[0].allowed_addresses[0]: an IP address or CIDR is expected, such as 203.0.113.0/24',
    ],
    [
      'a number without quotes',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [192.0.2.1]\n    numbers: [0312345678]`,
      'trunkroom.yaml:5:15 trunks[0].numbers[0]: a number must stand in quotes, else YAML drops its leading 0 or +',
    ],
    [
      'a country that is none',
      `${KEYS}\ntrunks:\n  - id: a\n    allowed_addresses: [192.0.2.1]\n    country: XX`,
      'trunkroom.yaml:5:14 trunks[0].country: an ISO 3166 country code is expected, such as MY',
    ],
    [
      'an id twice',
      `${KEYS}\ntrunks:\n  - { id: a, allowed_addresses: [192.0.2.1] }\n  - { id: a, allowed_addresses: [192.0.2.2] }`,
      'trunkroom.yaml:4:11 trunks[1].id: a is the id of trunks[0] already',
    ],
    [
      'a rule without room',
      `${KEYS}\nrules:\n  - id: a`,
      'trunkroom.yaml:3:5 rules[0]: exactly one of direct, individual, callee is needed',
    ],
    [
      'a rule with two',
      `${KEYS}\nrules:\n  - id: a\n    direct: { room_name: x }\n    callee: {}`,
      'trunkroom.yaml:3:5 rules[0]: exactly one of direct, individual, callee is needed',
    ],
    [
      'a rule for no trunk',
      `${KEYS}\nrules:\n  - { id: a, trunk_ids: [b], callee: {} }`,
      'trunkroom.yaml:3:26 rules[0].trunk_ids[0]: there is no trunk b',
    ],
    [
      'ports in use twice',
      `${KEYS}\nsip: { port: 3478 }`,
      'trunkroom.yaml:1:1 turn.port: overlaps with sip.port (udp)',
    ],
    [
      'a link-local address that is announced',
      `${KEYS}\nnode: { addresses: [192.0.2.5, "fe80::1"] }`,
      'trunkroom.yaml:2:32 node.addresses[1]: link-local: nobody reaches that',
    ],
    [
      'discovery of what is configured',
      `${KEYS}\nnode: { addresses: [192.0.2.5], stun_servers: [stun.example.com] }`,
      'trunkroom.yaml:2:47 node.stun_servers: node.addresses is set, which says what is announced',
    ],
    [
      'a STUN server that is none',
      `${KEYS}\nnode: { stun_servers: ["turn:turn.example.com"] }`,
      'trunkroom.yaml:2:24 node.stun_servers[0]: a STUN server is expected, such as stun:stun.example.com:3478',
    ],
    [
      'TURN alone without TURN',
      `${KEYS}\nice: { relay_rooms: [ward] }\nturn: { enabled: false }`,
      'trunkroom.yaml:2:21 ice.relay_rooms: turn.enabled or turn_servers is needed with it: nobody could come',
    ],
    [
      'a star within the name of a room',
      `${KEYS}\nice: { relay_rooms: ["w*d"] }`,
      'trunkroom.yaml:2:22 ice.relay_rooms[0]: a * may stand at the end only',
    ],
    [
      'a region without servers',
      `${KEYS}\nturn_selection: { regions: [{ name: eu, networks: [192.0.2.0/24] }] }`,
      'trunkroom.yaml:2:37 turn_selection.regions[0].name: no server of turn_servers is in region eu',
    ],
    [
      'a secret too short',
      'keys: { a: short }',
      'trunkroom.yaml:1:12 keys.a: the secret must have at least 32 characters',
    ],
    [
      'the development key',
      'keys: { devkey: secret }',
      'trunkroom.yaml:1:17 keys.devkey: the development key is refused without --dev',
    ],
  ])('%s', (_, text, fault) => {
    expect(faults({ text })[0]).toBe(fault);
  });

  test('all faults are told at once', () => {
    expect(faults({ text: `${KEYS}\nsip: { port: 0, prot: 1 }\nlog: { level: loud }` })).toHaveLength(3);
  });
});
