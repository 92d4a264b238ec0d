import { admin, call, type server } from './sip-server.ts';

/** Requests that make something. */
export const inbound = (change: object = {}) => ({
  trunk: { numbers: ['+60311112222'], allowed_addresses: ['198.51.100.1'], ...change },
});
export const outbound = (change: object = {}) => ({
  trunk: { name: 'Out', address: 'sip.carrier.example', numbers: ['+60311112222'], ...change },
});
export const direct = (room_name: string, pin = '') => ({ dispatch_rule_direct: { room_name, pin } });

/** Makes something and gives its id. */
export async function make(to: ReturnType<typeof server>, name: string, body: object): Promise<string> {
  const made = await call(to, name, body, admin);
  if (made.status !== 200) throw new Error(JSON.stringify(made.body));
  return String(made.body['sip_trunk_id'] ?? made.body['sip_dispatch_rule_id']);
}
