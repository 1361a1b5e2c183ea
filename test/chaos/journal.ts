/** What happened in a run, with times. */
export interface Journal {
  /** Notes a line, with the seconds since the run began. */
  note(line: string): void;
  /** A fault was there. */
  count(kind: string): void;
  readonly counts: ReadonlyMap<string, number>;
  /** The last lines, oldest first. */
  last(lines: number): string[];
}

/** Begins a journal that also says each line as it is noted. */
export function beginJournal(say: (line: string) => void): Journal {
  const began = performance.now();
  const lines: string[] = [];
  const counts = new Map<string, number>();
  return {
    note(line) {
      const timed = `${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${line}`;
      lines.push(timed);
      say(timed);
    },
    count(kind) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    counts,
    last: (number) => lines.slice(-number),
  };
}
