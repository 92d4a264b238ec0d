/** What an entry of a list looks like, for the default file. Checked by test: uncommented, each is valid. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  trunks: [
    'trunks:',
    '  - id: carrier',
    '    name: A carrier with a static address',
    '    numbers: ["+60312345678"]',
    '    allowed_addresses: [203.0.113.10, 203.0.113.11]',
    '    media_addresses: [203.0.113.0/28]',
    '    country: MY',
  ],
  outbound_trunks: [
    'outbound_trunks:',
    '  - id: carrier-out',
    '    address: sip.carrier.example',
    '    country: MY',
    '    numbers: ["+60312345678"]',
    '    auth_username: "60312345678"',
    '    auth_password: a-password',
  ],
  turn_servers: [
    'turn_servers:',
    '  - urls: ["turn:turn.example.com:3478?transport=udp"]',
    '    secret: a-secret-that-the-server-has-too',
  ],
  rules: [
    'rules:',
    '  - id: everybody',
    '    direct: { room_name: lobby }',
    '  - id: room-per-number',
    '    numbers: ["+60312345678"]',
    '    callee: { room_prefix: "did-" }',
  ],
};
