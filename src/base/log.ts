/** Structured fields of a log line. No secrets; phone numbers only as `redactNumber` gives them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the core writes what is no event. `adapters/log` implements it on pino. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** `+60312345678` as `+6031234…`: enough to tell calls apart, too little to dial. */
export function redactNumber(number: string): string {
  return number.length <= 4 ? number : `${number.slice(0, Math.max(2, number.length - 4))}…`;
}
