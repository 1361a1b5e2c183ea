/** The names that tensile-kube's `--log-level` takes, and pino's for them. */
export const logLevels = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  warn: 'warn',
  error: 'error',
  fatal: 'fatal',
  panic: 'fatal',
} as const;

export type LogLevel = keyof typeof logLevels;
