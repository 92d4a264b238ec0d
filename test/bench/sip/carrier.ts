/** The messages of a carrier with a proxy before it, as text: what the rows in process and the load generator both send. */

/** Where the carrier is, and where it believes us to be. */
export interface CarrierPlace {
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** `address:port` of the carrier. */
  readonly from: string;
  /** `address:port` of the gateway. */
  readonly to: string;
}

/** An offer as phones and carriers make it. */
export function offer(address: string): string {
  return [
    'v=0',
    `o=carrier 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    'm=audio 4000 RTP/AVP 8 0 18 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:18 G729/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=ptime:20',
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** What says which call a message is of: `run` keeps apart the calls of several generators. */
export interface CallName {
  readonly run: string;
  readonly call: number;
}

/** A request of call `call`; `toTag` empty for the INVITE that begins it. */
export function request(
  place: CarrierPlace,
  { run, call }: CallName,
  method: 'INVITE' | 'ACK' | 'BYE',
  cseq: number,
  toTag: string,
  body = '',
): string {
  // Ten calls share a room.
  const called = `+6031${1_000_000 + Math.floor(call / 10)}`;
  const address = place.from.slice(0, place.from.lastIndexOf(':'));
  const transport = place.transport.toUpperCase();
  const lines = [
    `${method} sip:${called}@${place.to} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${place.from};branch=z9hG4bK${method}${run}${call};rport`,
    `Via: SIP/2.0/UDP 198.51.100.4:5060;branch=z9hG4bKinner${run}${call};received=198.51.100.4`,
    `Record-Route: <sip:${address};lr;ftag=abc>`,
    'Max-Forwards: 69',
    `From: "Caller" <sip:+6011${call}@carrier.example>;tag=f${call}`,
    `To: <sip:${called}@${place.to}>${toTag === '' ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${call}-${run}-0123456789abcdef@carrier.example`,
    `CSeq: ${cseq} ${method}`,
    'Contact: <sip:gw@198.51.100.4:5060>',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO',
    'Supported: timer, 100rel',
    'User-Agent: Carrier SBC 9.4',
    `P-Asserted-Identity: <sip:+6011${call}@carrier.example>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
