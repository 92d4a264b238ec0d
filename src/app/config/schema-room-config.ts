import { z } from 'zod';
import { duration } from './fields.ts';

const agent = z.strictObject({
  agent_name: z
    .string()
    .max(128)
    .default('')
    .meta({ description: 'Name that its workers register with; empty: workers without a name.' }),
  metadata: z.string().max(65_536).default('').meta({ description: 'For the agent to read.' }),
  attributes: z
    .record(z.string().min(1).max(128), z.string().max(1024))
    .default({})
    .meta({ description: 'Attributes of the agent\u2019s participant.' }),
  deployment: z.string().max(128).default('').meta({ description: 'Deployment of its workers.' }),
});

/** `rules[].room_config`: LiveKit's RoomConfiguration, as far as there is something here that it is about. */
export const roomConfigSchema = z.strictObject({
  empty_timeout: duration.optional().meta({ description: 'Absent: `room.empty_timeout`.' }),
  departure_timeout: duration.optional().meta({ description: 'Absent: `room.departure_timeout`.' }),
  max_participants: z
    .int()
    .min(0)
    .default(0)
    .meta({ description: 'Participants in the room; 0: `room.max_participants`.' }),
  metadata: z.string().max(65_536).default('').meta({ description: 'Metadata of the room.' }),
  agents: z
    .array(agent)
    .max(16)
    .default([])
    .meta({ description: 'Agents that are sent into the room when it is made.' }),
});
