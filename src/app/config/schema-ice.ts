import { z } from 'zod';
import { address, anyNetwork, port } from './fields.ts';

/** A room's name, or with a `*` at its end the beginning of names. */
const roomPattern = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => !text.slice(0, -1).includes('*'), { error: 'a * may stand at the end only' });

/** How browsers' media reach us, and what of us browsers are told. */
export const iceSchema = z
  .strictObject({
    udp_port: port
      .default(7882)
      .meta({ description: 'First UDP port for browsers\u2019 media; one for each media worker.' }),
    tcp: z.boolean().default(true).meta({
      description:
        'Whether browsers whose network lets no UDP through may bring their media by TCP (RFC 6544).',
    }),
    tcp_port: port
      .default(7881)
      .meta({ description: 'First TCP port for browsers\u2019 media; one for each media worker.' }),
    transport_policy: z.enum(['all', 'relay']).default('all').meta({
      description:
        'Which ways browsers may take: all, or TURN alone (`relay`), of the embedded server or of `turn_servers`.',
    }),
    relay_rooms: z.array(roomPattern).max(1000).default([]).meta({
      description:
        'Rooms whose browsers come by TURN alone while others may take all ways: names, or their beginning and `*`.',
    }),
    relay_addresses: z.array(address).max(16).default([]).meta({
      description:
        'Addresses of this gateway that browsers are told where they come by TURN alone, such as the private one that only TURN servers reach: the others stay hidden. Empty: those that all browsers are told.',
    }),
    relay_networks: z.array(anyNetwork).max(64).default([]).meta({
      description:
        'Where the TURN servers of `turn_servers` send from. Checks from elsewhere are dropped where TURN alone is allowed; empty: browsers are told, and with `turn_servers` nothing is dropped.',
    }),
    hidden: z.array(anyNetwork).max(64).default([]).meta({
      description:
        'Networks whose addresses browsers are not told, though phones are: `10.0.0.0/8` where browsers have no way to it.',
    }),
  })
  .prefault({})
  .meta({ description: 'Browsers\u2019 media.' });
