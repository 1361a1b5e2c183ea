const units: Readonly<Record<string, number>> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads a time as kubectl's flags take it (`90s`, `5m`, `1h`; a bare number is seconds), in milliseconds. */
export function parseDuration(flag: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`--${flag} is "${text}"; write it as 90s or 5m`);
  return Number(digits) * (units[unit] ?? 0);
}
