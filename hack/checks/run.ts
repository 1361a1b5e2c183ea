import { spawn } from 'node:child_process';

/** How a program ended, and everything it wrote. */
export interface Ended {
  code: number;
  output: string;
  milliseconds: number;
}

/** Between asking a program to end and ending it: enough to take clusters down, in milliseconds. */
const grace = 60_000;

/** Ours, with colours only where a person watches: a CI log shows them as noise. */
function environment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, ...others } = process.env;
  return { ...others, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) };
}

/**
 * Runs a program without stdin and keeps what it writes. One that takes longer than `limit` milliseconds is
 * ended and has failed; one that cannot be started has failed too.
 */
export function run(command: string, args: string[], limit: number): Promise<Ended> {
  const began = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    let kill: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      chunks.push(Buffer.from(`\n${command} took longer than ${limit / 1000} s and was ended\n`));
      child.kill('SIGTERM');
      kill = setTimeout(() => child.kill('SIGKILL'), grace);
    }, limit);
    const end = (code: number) => {
      clearTimeout(timer);
      clearTimeout(kill);
      // A grandchild that outlives the program may hold the pipes open; nobody reads them any more.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, output: Buffer.concat(chunks).toString(), milliseconds: performance.now() - began });
    };
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      end(127);
    });
    // `close` waits for the output, `exit` does not: a grandchild gets a moment, not for ever.
    child.on('close', (code) => end(code ?? 1));
    child.on('exit', (code) => setTimeout(() => end(code ?? 1), 2_000).unref());
  });
}
