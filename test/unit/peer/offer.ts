/** Descriptions as Chromium writes them, from a list of m-lines. */

export interface OfferLine {
  readonly mid: string;
  readonly kind: 'audio' | 'video' | 'application';
  readonly direction?: 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive';
  /** The client id of the track that is sent. */
  readonly cid?: string;
  readonly ssrc?: number;
  readonly port?: number;
}

export interface OfferOptions {
  readonly ufrag?: string;
  readonly setup?: string;
  /** Leave these codec names out. */
  readonly without?: readonly string[];
}

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i + 16).toString(16).toUpperCase()).join(':');

const audio: readonly (readonly [number, string, string])[] = [
  [111, 'opus/48000/2', 'minptime=10;useinbandfec=1'],
  [63, 'red/48000/2', '111/111'],
  [9, 'G722/8000', ''],
  [0, 'PCMU/8000', ''],
  [8, 'PCMA/8000', ''],
  [13, 'CN/8000', ''],
  [110, 'telephone-event/48000', ''],
];
const video: readonly (readonly [number, string, string])[] = [
  [96, 'VP8/90000', ''],
  [97, 'rtx/90000', 'apt=96'],
  [103, 'H264/90000', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f'],
  [39, 'AV1/90000', 'level-idx=5;profile=0;tier=0'],
  [98, 'VP9/90000', 'profile-id=0'],
];

const VIDEO_FEEDBACK = ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'];

export function browserOffer(lines: readonly OfferLine[], options: OfferOptions = {}): string {
  const { setup = 'actpass', ufrag = 'Ab3+', without = [] } = options;
  const text = [
    'v=0',
    'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${lines
      .filter(({ port }) => port !== 0)
      .map(({ mid }) => mid)
      .join(' ')}`,
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
  ];
  for (const { cid, direction = 'recvonly', kind, mid, port = 9, ssrc } of lines) {
    const codecs = (kind === 'audio' ? audio : video).filter(
      ([, name]) => !without.some((codec) => name.startsWith(codec)),
    );
    text.push(
      kind === 'application'
        ? `m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`
        : `m=${kind} ${port} UDP/TLS/RTP/SAVPF ${codecs.map(([type]) => type).join(' ')}`,
      'c=IN IP4 0.0.0.0',
      `a=ice-ufrag:${ufrag}`,
      'a=ice-pwd:0123456789abcdefABCDEF+/',
      'a=ice-options:trickle',
      `a=fingerprint:sha-256 ${FINGERPRINT}`,
      `a=setup:${setup}`,
      `a=mid:${mid}`,
    );
    if (kind === 'application') {
      text.push('a=sctp-port:5000', 'a=max-message-size:262144');
      continue;
    }
    text.push(
      'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
      'a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
      'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
      'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
      `a=${direction}`,
      ...(cid === undefined ? [] : [`a=msid:stream-${cid} ${cid}`]),
      'a=rtcp-mux',
      'a=rtcp-rsize',
    );
    for (const [type, name, fmtp] of codecs) {
      text.push(`a=rtpmap:${type} ${name}`, ...(fmtp === '' ? [] : [`a=fmtp:${type} ${fmtp}`]));
      const kinds = kind === 'video' && !name.startsWith('rtx') ? VIDEO_FEEDBACK : [];
      for (const said of name.startsWith('opus') ? ['transport-cc'] : kinds)
        text.push(`a=rtcp-fb:${type} ${said}`);
    }
    if (ssrc !== undefined) text.push(`a=ssrc:${ssrc} cname:abc`, `a=ssrc:${ssrc} msid:stream-${cid} ${cid}`);
  }
  return `${text.join('\r\n')}\r\n`;
}

/** What livekit-client offers when it joins: three m-lines of each kind to hear and see, and data channels. */
export const firstOffer: readonly OfferLine[] = [
  { mid: '0', kind: 'audio' },
  { mid: '1', kind: 'audio' },
  { mid: '2', kind: 'audio' },
  { mid: '3', kind: 'video' },
  { mid: '4', kind: 'video' },
  { mid: '5', kind: 'video' },
  { mid: '6', kind: 'application' },
];

/** The text of one m-line of a description. */
export function section(sdp: string, mid: string): string {
  return sdp.split(/(?=^m=)/m).find((part) => part.includes(`a=mid:${mid}\r\n`)) ?? '';
}
