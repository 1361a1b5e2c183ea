import { spawn } from 'node:child_process';
import { lines } from './text.ts';

/** What a finished command left behind. A command ended by a signal has exit code 128 + 9. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CommandOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with each chunk the command writes to stderr, for progress. */
  readonly onStderr?: (chunk: string) => void;
}

/** Runs a command to its end. Rejects only if it cannot be started or was aborted; a bad exit code is a result. */
export function execute(
  command: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd && { cwd: options.cwd }),
      ...(options.environment && { env: options.environment }),
      ...(options.signal && { signal: options.signal, killSignal: 'SIGKILL' as const }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
      options.onStderr?.(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ stdout, stderr, exitCode: code ?? 137 }));
    // A command that does not read its input closes the pipe early: its exit code says what matters.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Like `execute`, but throws one line that names the command and what it complained about. */
export async function mustExecute(
  command: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await execute(command, args, options);
  if (result.exitCode !== 0) {
    const complaint = lines(result.stderr || result.stdout)
      .slice(-3)
      .join(' / ');
    throw new Error(
      `${command} ${args.slice(0, 4).join(' ')}: ${complaint || `exit code ${result.exitCode}`}`,
    );
  }
  return result.stdout;
}

/** The full path of a command on PATH, or undefined. */
export async function which(command: string): Promise<string | undefined> {
  const { stdout, exitCode } = await execute('/bin/sh', ['-c', `command -v -- "$0"`, command]);
  return exitCode === 0 ? stdout.trim() : undefined;
}
