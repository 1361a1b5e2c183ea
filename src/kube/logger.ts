import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { type LogLevel, logLevels } from './log-level.ts';

export type { Logger };

/**
 * The log of a program: lines of JSON, or readable text where a person watches the terminal. What could carry
 * a credential is never passed to it; the paths below are a second guard.
 */
export function createLogger(level: LogLevel, output: NodeJS.WriteStream = process.stderr): Logger {
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
  if (!output.isTTY) return pino(options, output);
  return pino(
    options,
    pretty({ destination: output, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true }),
  );
}
