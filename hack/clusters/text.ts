import { readFileSync } from 'node:fs';

/** The lines of a text that have something in them. */
export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** The last lines of a log file, for the message of whoever gives up; says so when there is none. */
export function tailOf(file: string, count = 12): string {
  try {
    const tail = lines(readFileSync(file, 'utf8')).slice(-count);
    return tail.length > 0 ? tail.join('\n') : '(its log is empty)';
  } catch {
    return '(it left no log)';
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
