import { expect, test } from 'vitest';
import { run } from './run.ts';

const node = (script: string, limit = 20_000) => run(process.execPath, ['-e', script], limit);

test('keeps both outputs and the exit code', async () => {
  const ended = await node('console.log("out"); console.error("err"); process.exitCode = 7');
  expect(ended.code).toBe(7);
  expect(ended.output).toContain('out\n');
  expect(ended.output).toContain('err\n');
});

test('gives the program no stdin to wait for', async () => {
  const ended = await node('process.stdin.on("end", () => console.log("ended")).resume()');
  expect(ended).toMatchObject({ code: 0, output: 'ended\n' });
});

test('ends a program that takes too long, as a failure that says so', async () => {
  const ended = await node('setInterval(() => {}, 1000)', 300);
  expect(ended.code).not.toBe(0);
  expect(ended.output).toContain('took longer than 0.3 s');
});

test('fails when there is no such program', async () => {
  const ended = await run('/nonexistent/program', [], 1_000);
  expect(ended.code).not.toBe(0);
  expect(ended.output).toContain('ENOENT');
});

test('fails when the program is killed', async () => {
  expect((await node('process.kill(process.pid, "SIGKILL")')).code).not.toBe(0);
});
