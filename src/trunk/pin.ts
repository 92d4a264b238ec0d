import type { DispatchRule } from './trunk.ts';

/** Digits of the longest PIN. */
const LONGEST = 16;

/**
 * The rule that a PIN names, of those that ask for one; the first in their order, undefined when there is none. Takes the
 * same time whatever was entered.
 */
export function ruleOfPin(rules: readonly DispatchRule[], entered: string): DispatchRule | undefined {
  let found: DispatchRule | undefined;
  for (const rule of rules) {
    const isIt = rule.pin !== undefined && equal(entered, rule.pin);
    found ??= isIt ? rule : undefined;
  }
  return found;
}

function equal(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  // Beyond a text's end charCodeAt gives NaN, which is 0 here.
  for (let i = 0; i < LONGEST; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

/** Tells of a room's name whether a caller may come into it by a PIN. */
export function isPinRoom(rules: readonly DispatchRule[]): (name: string) => boolean {
  const rooms = rules.flatMap(({ pin, room }) => (pin === undefined ? [] : [room]));
  return (name) =>
    rooms.some((room) =>
      room.kind === 'direct' ? room.roomName === name : name.startsWith(room.roomPrefix),
    );
}
