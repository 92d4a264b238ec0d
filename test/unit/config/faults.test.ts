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
    ['wrong type', `${KEYS}\nsip:\n  port: five`, 'trunkroom.yaml:3:9 sip.port: a number is expected'],
    [
      'a number in quotes',
      `${KEYS}\nsip: { port: "5060" }`,
      'trunkroom.yaml:2:14 sip.port: a number is expected',
    ],
    [
      'a broken number',
      `${KEYS}\nhttp: { port: 7880.5 }`,
      'trunkroom.yaml:2:15 http.port: a whole number is expected',
    ],
    ['too low', `${KEYS}\nhttp: { port: 0 }`, 'trunkroom.yaml:2:15 http.port: at least 1 is expected'],
    [
      'too high',
      `${KEYS}\nhttp: { port: 70000 }`,
      'trunkroom.yaml:2:15 http.port: at most 65535 is expected',
    ],
    ['yes for true', `${KEYS}\nice: { tcp: yes }`, 'trunkroom.yaml:2:13 ice.tcp: true or false is expected'],
    [
      'one of a few words',
      `${KEYS}\nice: { transport_policy: relays }`,
      'trunkroom.yaml:2:26 ice.transport_policy: all or relay is expected (did you mean relay?)',
    ],
    [
      'a word that is near none of them',
      `${KEYS}\nmedia: { native: on }`,
      'trunkroom.yaml:2:18 media.native: auto or off is expected',
    ],
    [
      'a word for a number',
      `${KEYS}\nturn: { bandwidth_per_user: 50Mbit }`,
      'trunkroom.yaml:2:29 turn.bandwidth_per_user: a number is expected',
    ],
    [
      'a secret of digits alone',
      `${KEYS}\nturn: { secret: 1234567890123456 }`,
      'trunkroom.yaml:2:17 turn.secret: text is expected: put it in quotes',
    ],
    [
      'a secret that is too short',
      `${KEYS}\nturn: { secret: abc }`,
      'trunkroom.yaml:2:17 turn.secret: at least 16 characters are expected',
    ],
    [
      'a realm with a space',
      `${KEYS}\nturn: { realm: my realm }`,
      'trunkroom.yaml:2:16 turn.realm: 1 to 128 of A-Z a-z 0-9 . - are expected',
    ],
    [
      'a URL for a name',
      `${KEYS}\ntls: { domain: "https://voice.example.com" }`,
      'trunkroom.yaml:2:16 tls.domain: a name without anything before or behind it is expected, such as voice.example.com',
    ],
    [
      'a section that is none',
      `${KEYS}\nsip: 5`,
      'trunkroom.yaml:2:6 sip: keys with their values are expected, indented under it',
    ],
    [
      'a section whose keys are all commented out',
      `${KEYS}\nsip:\n  # port: 5060`,
      'trunkroom.yaml:2:5 sip: is empty: leave it out, or give it a value',
    ],
    [
      'one value for a list',
      `${KEYS}\nnode: { addresses: 203.0.113.5 }`,
      'trunkroom.yaml:2:20 node.addresses: a list is expected: put it in [ ]',
    ],
    [
      'one map for a list',
      `${KEYS}\nturn_servers: { urls: [] }`,
      'trunkroom.yaml:2:15 turn_servers: a list is expected: each entry begins with "- "',
    ],
    [
      'a list for keys',
      'keys: [mine]',
      'trunkroom.yaml:1:7 keys: keys with their values are expected, indented under it',
    ],
    [
      'relays that may talk to all the world',
      `${KEYS}\nturn: { allowed_peers: [0.0.0.0/0] }`,
      'trunkroom.yaml:2:25 turn.allowed_peers[0]: this names everybody; name those who are meant',
    ],
    [
      'an address of IPv4 in the clothes of IPv6',
      `${KEYS}\nnode: { addresses: ["::ffff:192.0.2.5"] }`,
      'trunkroom.yaml:2:21 node.addresses[0]: stands for an IPv4 address: write it as one',
    ],
    [
      'a domain without certificates',
      `${KEYS}\ntls: { domain: voice.example.com }`,
      'trunkroom.yaml:2:16 tls.domain: tls.certificates are needed with it: nothing listens for TLS without them',
    ],
    [
      'part of a key',
      `${KEYS}\nrules: [{ id: a, direct: { room: lobby } }]`,
      'trunkroom.yaml:2:26 rules[0].direct.room_name: is required',
    ],
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
      'trunkroom.yaml:2:14 sip.port: is turn.port too (UDP 3478)',
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

  test('ranges that overlap are told with their ports', () => {
    expect(faults({ text: `${KEYS}\nrtp: { ports: 30000-30099 }` })).toEqual([
      'trunkroom.yaml:2:15 rtp.ports: overlaps with turn.relay_ports (UDP 30000-39999)',
    ]);
    expect(faults({ text: `${KEYS}\nsip: { port: 3478 }` })).toEqual([
      'trunkroom.yaml:2:14 sip.port: is turn.port too (UDP 3478)',
      'trunkroom.yaml:2:14 sip.port: is turn.port too (TCP 3478)',
    ]);
  });

  test('a value of another kind is one fault', () => {
    expect(faults({ text: `${KEYS}\nturn_servers: [{ urls: "turn:turn.example.com", secret: s }]` })).toEqual(
      ['trunkroom.yaml:2:24 turn_servers[0].urls: a list is expected: put it in [ ]'],
    );
  });

  test('a key that is part of a longer one is known by it', () => {
    expect(faults({ text: `${KEYS}\nrules: [{ id: a, direct: { room: lobby } }]` })[1]).toBe(
      'trunkroom.yaml:2:28 rules[0].direct.room: unknown key (did you mean room_name?)',
    );
  });

  test('all faults are told at once', () => {
    expect(faults({ text: `${KEYS}\nsip: { port: 0, prot: 1 }\nlog: { level: loud }` })).toHaveLength(3);
  });
});
