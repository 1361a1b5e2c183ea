import { writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { type LogLevel, logLevels } from './log-level.ts';

export type { Logger };

/**
 * The log of a program: lines of JSON, or readable text where a person watches the terminal. What could carry
 * a credential is never passed to it; the paths below are a second guard. A line that cannot be written is lost, and
 * the program goes on.
 */
export function createLogger(
  level: LogLevel,
  output: NodeJS.WriteStream & { fd: number } = process.stderr,
): Logger {
  const options = {
    level: logLevels[level],
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*.Authorization', '*.token', 'authorization', 'token'],
      censor: '[hidden]',
    },
  };
  if (!output.isTTY) return pino(options, lossy(output.fd));
  return pino(
    options,
    pretty({ destination: output, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true }),
  );
}

/**
 * Writes lines to a file or pipe. Not through the stream of node: on a full disk, or when the reader of a pipe has gone,
 * that ends the process with an error that nobody can handle, and is dead even when there is room again.
 */
function lossy(fd: number): { write(line: string): void } {
  return {
    write(line) {
      try {
        for (let rest = Buffer.from(line); rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
      } catch {
        // Where to complain is what is broken.
      }
    },
  };
}
