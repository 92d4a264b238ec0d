import { z } from 'zod';
import { duration, language, pin } from './fields.ts';
import { rulePatienceKeys } from './schema-media-policy.ts';

/** `pin` of a rule's choice of room, as LiveKit has it. */
export const pinKey = {
  pin: pin.optional().meta({
    description:
      'Digits that a caller must key, ended by #. Of several rules that fit a call the PIN chooses. Absent: none.',
  }),
};

/** How a rule takes a call: what LiveKit lacks. */
export const policyKeys = {
  answer: z.enum(['at-once', 'when-somebody', 'after-pin']).default('at-once').meta({
    description:
      'When a call is answered: as soon as it can be; when somebody is in its room; or when its PIN was right, which is asked for in early media then.',
  }),
  early_media: z.enum(['none', 'ringback', 'please-wait']).default('none').meta({
    description:
      'What a caller hears before somebody is there: what his network plays (180), or, in early media (183), the ringing tone of the trunk\u2019s country, or words and music.',
  }),
  wait_timeout: duration.optional().meta({
    description:
      'How long a call waits for its PIN or for somebody, then 480; absent: the trunk\u2019s `ringing_timeout`.',
  }),
  max_call_duration: duration
    .optional()
    .meta({ description: 'After this a call is ended; 0s: never; absent: as the trunk says.' }),
  ...rulePatienceKeys,
  keypad_mute: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether *6 mutes and unmutes the phone\u2019s voice.' }),
  entry_sound: z
    .enum(['none', 'tone', 'spoken'])
    .default('none')
    .meta({ description: 'How those in the room are told that a phone has come or gone.' }),
  language: language.optional().meta({ description: 'Language of prompts; absent: as the trunk says.' }),
};
