import type { z } from 'zod';
import { nearest } from './suggest.ts';

/** How the messages begin that zod has made by itself: all others are the schema's own words, and stay. */
const OF_ZOD = /^(?:Invalid (?:input|option|string|key)|Too (?:small|big))/;

/** What is wrong with a value, in words for who writes YAML and not TypeScript. */
export function faultWords(issue: z.core.$ZodIssue): string {
  if (!OF_ZOD.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue.expected, issue.message);
    case 'invalid_value': {
      const values = issue.values.map(String);
      const given = typeof issue.input === 'string' ? nearest(values, issue.input) : undefined;
      return `${listed(values)} is expected${given === undefined ? '' : ` (did you mean ${given}?)`}`;
    }
    case 'too_small':
      return limitWords('least', issue.origin, Number(issue.minimum));
    case 'too_big':
      return limitWords('most', issue.origin, Number(issue.maximum));
    case 'invalid_key': {
      const [within] = issue.issues;
      return within === undefined ? 'this key cannot be' : faultWords(within);
    }
    case 'invalid_union': {
      // The last alternative is the fullest one.
      const [within] = issue.errors.at(-1) ?? [];
      return within === undefined ? 'another value is expected' : faultWords(within);
    }
    default:
      return issue.message;
  }
}

function typeWords(expected: string, message: string): string {
  if (message.endsWith('received undefined')) return 'is required';
  if (message.endsWith('received null')) return 'is empty: leave it out, or give it a value';
  switch (expected) {
    case 'array':
      return message.endsWith('received object')
        ? 'a list is expected: each entry begins with "- "'
        : 'a list is expected: put it in [ ]';
    case 'object':
    case 'record':
      return 'keys with their values are expected, indented under it';
    case 'string':
      return 'text is expected: put it in quotes';
    case 'int':
      return 'a whole number is expected';
    case 'number':
      return 'a number is expected';
    case 'boolean':
      return 'true or false is expected';
    default:
      return message;
  }
}

function limitWords(side: 'least' | 'most', origin: string, limit: number): string {
  if (origin === 'string') return `at ${side} ${limit} character${limit === 1 ? ' is' : 's are'} expected`;
  if (origin === 'array') return `at ${side} ${limit} entr${limit === 1 ? 'y is' : 'ies are'} expected`;
  return `at ${side} ${limit} is expected`;
}

/** `a`, `a or b`, `a, b or c`. */
function listed(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}
