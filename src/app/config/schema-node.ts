import { z } from 'zod';
import { parseStunUrl } from '../../stun/stun-url.ts';
import { parseNetwork } from '../../trunk/addresses.ts';
import { address, duration } from './fields.ts';

/** An interface by its name, `*` standing for any characters, or addresses by their network. */
const interfacePattern = z
  .string()
  .refine((text) => /^[A-Za-z0-9_.@*-]{1,32}$/.test(text) || parseNetwork(text).ok, {
    error: 'the name of an interface, such as eth0 or docker*, or a CIDR is expected',
  });

/** Which addresses are announced. */
export const nodeSchema = z
  .strictObject({
    addresses: z.array(address).max(32).default([]).meta({
      description:
        'Addresses announced to phones and browsers, of IPv4 and IPv6, the preferred one first; behind NAT the public one. Empty: those of this machine that others reach, IPv4 before IPv6, with --dev 127.0.0.1 too.',
    }),
    include: z.array(interfacePattern).max(64).default([]).meta({
      description:
        'Of the addresses of this machine only those of these interfaces (`eth0`, `en*`) and networks (`10.0.0.0/8`) are announced. Empty: all.',
    }),
    exclude: z.array(interfacePattern).max(64).default([]).meta({
      description: 'Interfaces and networks whose addresses are not announced, such as `docker*`.',
    }),
    stun_servers: z
      .array(
        z.string().refine((text) => parseStunUrl(text) !== undefined, {
          error: 'a STUN server is expected, such as stun:stun.example.com:3478',
        }),
      )
      .max(8)
      .default([])
      .meta({
        description:
          'STUN servers that are asked at start, from the port of browsers\u2019 media, for the address that others see; that one is announced first. A try whether packets come back by it is made, and told in the log (`address.doubtful`). Empty: nobody is asked.',
      }),
    shutdown_grace: duration
      .prefault('0s')
      .refine((ms) => ms <= 86_400_000, { error: 'at most 24h' })
      .meta({
        description:
          'How long calls may go on after SIGTERM or SIGINT, while new ones get 503 (docs/OPERATIONS.md); 0s: they end at once. Whoever sends SIGKILL after a while of his own must wait for longer than this.',
      }),
  })
  .prefault({})
  .meta({ description: 'This machine.' });
