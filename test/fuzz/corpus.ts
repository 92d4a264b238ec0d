import { readdirSync, readFileSync } from 'node:fs';

const DATA = new URL('../data/', import.meta.url);

function folder(path: string, ending: string): Uint8Array[] {
  return readdirSync(new URL(path, DATA))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => new Uint8Array(readFileSync(new URL(path + name, DATA))));
}

/** RFC 4475 and RFC 5118, and messages of SIPp, baresip and of carriers behind Kamailio. */
export const SIP: readonly Uint8Array[] = [
  ...folder('rfc4475/', '.dat'),
  ...folder('rfc5118/', '.dat'),
  ...folder('fuzz/sip/', '.sip'),
];

/** What an input of {@link SIP} carries. */
export const SDP: readonly Uint8Array[] = SIP.flatMap((message) => {
  const at = Buffer.from(message).indexOf('\r\n\r\nv=0');
  return at < 0 ? [] : [message.slice(at + 4)];
});

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Voice, a key, padding, header extensions of one and two bytes, contributing sources. */
export const RTP: readonly Uint8Array[] = [
  hex(`80080001000000a011223344${'d5'.repeat(160)}`),
  hex('80e50002000000a0112233440b8a0320'),
  hex('a0000003000001401122334455550002'),
  hex('90000004000001e011223344bede000110ff000055'),
  hex('9000000500000280112233441000000101010200ffff'),
  hex('82000006000003201122334400000001000000025555'),
];

/** Reports, a description, a goodbye, feedback, and several in one. */
export const RTCP: readonly Uint8Array[] = [
  hex(
    '81c8000c1122334483aa7e8000000000000000a0000000010000000a5566778801000003000100000000000a1234567800010000',
  ),
  hex('81c90007112233445566778801000003000100000000000a1234567800010000'),
  hex('80c900011122334481ca00041122334401047465737400000000000081cb000111223344'),
  hex('81ce000211223344556677888fcd00051122334455667788000000000000000000000000'),
  hex('81cd0003112233445566778800010000'),
];

/** RFC 5769's first request, a binding request, what TURN knows, and ChannelData. */
export const STUN: readonly Uint8Array[] = [
  hex('000100002112a442b7e7a701bc34d686fa87dfae'),
  hex(
    '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36' +
      '000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf',
  ),
  hex('000300082112a442000000000000000000000001001900041100000000'.slice(0, 56)),
  hex('000800142112a44200000000000000000000000200120008000121325e12a44300190004110000000'.slice(0, 80)),
  hex('000900142112a442000000000000000000000003000c00044000000000120008000121325e12a443'),
  hex('001600182112a44200000000000000000000000400120008000121325e12a4430013000461626364'),
  hex('4000000461626364'),
];
