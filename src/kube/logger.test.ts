import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Logs twenty lines over a second, as a program that goes on working does, and says at its end that it got there. */
const program = `
import { createLogger } from ${JSON.stringify(new URL('./logger.ts', import.meta.url).href)};
const logger = createLogger('info');
for (let line = 0; line < 20; line++) {
  logger.info({ line }, 'goes on');
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log('done');
`;

function start(stderr: 'pipe' | number) {
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', stderr] });
}

async function outcome(child: ReturnType<typeof start>): Promise<{ code: number | null; said: string }> {
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, said };
}

describe('a program whose log cannot be written', () => {
  it('goes on when the disk is full', async () => {
    const child = start(openSync('/dev/full', 'w'));
    expect(await outcome(child)).toEqual({ code: 0, said: 'done\n' });
  });

  it('goes on when whoever read its log has gone', async () => {
    const child = start('pipe');
    child.stderr?.destroy();
    expect(await outcome(child)).toEqual({ code: 0, said: 'done\n' });
  });
});

describe('a log', () => {
  it('has each line in its place when the program ends', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'isthmus-log-')), 'log');
    expect((await outcome(start(openSync(file, 'a')))).code).toBe(0);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(Array.from({ length: 20 }, (_, line) => line));
  });
});
