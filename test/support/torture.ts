/**
 * The torture messages by their files' names, and what becomes of each: `accept` (it passes, and what a call or an OPTIONS
 * gets then is another's to say), `drop` (a response, or no message at all: not a word), or the status of the answer.
 */

/** The messages of RFC 4475. 405 and 501 say that all that was wrong was the method, which we do not serve. */
export const RFC4475: Record<string, string> = {
  // 3.1.1: valid.
  wsinv: 'accept',
  intmeth: '501',
  esc01: 'accept',
  escnull: '405',
  esc02: '501',
  lwsdisp: 'accept',
  longreq: 'accept',
  dblreq: '405',
  semiuri: 'accept',
  transports: 'accept',
  mpart01: '405',
  unreason: 'accept',
  noreason: 'accept',
  // 3.1.2: invalid.
  badinv01: '400',
  clerr: '400',
  ncl: '400',
  scalar02: '400',
  scalarlg: 'drop',
  quotbal: '400',
  ltgtruri: '400',
  lwsruri: '400',
  lwsstart: '400',
  trws: '400',
  escruri: '400',
  // 3.1.2.12 leaves it open: "an element wishing to reject"; the date means nothing to a call.
  baddate: 'accept',
  // 3.1.2.13: its Contact is a registrar's to refuse; we refuse the method.
  regbadct: '405',
  badaspec: '400',
  baddn: '400',
  badvers: '505',
  mismatch01: '400',
  mismatch02: '400',
  bigcode: 'drop',
  // 3.2: transaction layer. The branch that is only the cookie is treated as RFC 2543's.
  badbranch: 'accept',
  // 3.3: application layer.
  insuf: '400',
  unkscm: '416',
  novelsc: '416',
  unksm2: '405',
  bext01: '420',
  invut: '415',
  regaut01: '405',
  multi01: '400',
  mcl01: '400',
  bcast: 'drop',
  zeromf: 'accept',
  cparam01: '405',
  cparam02: '405',
  regescrt: '405',
  sdp01: '406',
  // 3.4: RFC 2543.
  inv2543: 'accept',
  // The file set has these two besides: a CSeq without a number, and the end of baddn.
  badcseq: '400',
  baddn_sep: 'drop',
};

/**
 * The messages of RFC 5118. 405: the method is one that we do not serve, which is looked at first (RFC 3261 section 8.2.1).
 * 481: a request of no dialog of ours.
 */
export const RFC5118: Record<string, string> = {
  // 4.1 and 4.2: with brackets, and without.
  'ipv6-good': '405',
  'ipv6-bad': '405',
  // 4.3 and 4.4: a port that is part of the address, and one that is not.
  'port-ambiguous': '405',
  'port-unambiguous': '405',
  // 4.5: brackets around `received`, which do not belong there, must be taken.
  'via-received-param-with-delim': '481',
  'via-received-param-no-delim': 'accept',
  // 4.6 to 4.8.
  'ipv6-in-sdp': 'accept',
  'mult-ip-in-header': '481',
  'mult-ip-in-sdp': 'accept',
  // 4.9.
  'ipv4-mapped-ipv6': 'accept',
  // 4.10: RFC 3261's grammar allowed a third colon by mistake; being generous with it is allowed.
  'ipv6-bug-abnf-3-colons': 'accept',
  'ipv6-correct-abnf-2-colons': 'accept',
};
