import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { TestProject } from 'vitest/node';
import { seedOfRun } from '../seed.ts';
import type { Counted } from './parts/tally.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What decides all inputs of a run. */
    fuzzSeed: number;
    /** How many inputs are thrown, of all kinds together. */
    fuzzInputs: number;
    /** Where each file leaves what it has counted. */
    fuzzFolder: string;
  }
}

const defaultInputs = 100_000;

/** Draws the seed, and prints what was thrown once every file has counted it. */
export default function setup(project: TestProject): () => void {
  const seed = seedOfRun();
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-fuzz-'));
  project.provide('fuzzSeed', seed);
  project.provide('fuzzInputs', Number(process.env['ISTHMUS_FUZZ_INPUTS'] ?? defaultInputs));
  project.provide('fuzzFolder', folder);
  return () => {
    const rows = readdirSync(folder)
      .sort()
      .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Counted[]);
    rmSync(folder, { recursive: true });
    process.stdout.write(`${tableOf(rows)}\nISTHMUS_SEED=${seed}\n`);
  };
}

function tableOf(rows: readonly Counted[]): string {
  const table = new Table({
    head: ['target', 'kind', 'inputs', 'how they ended', 'seconds', 'longest hold-up', 'most memory'],
    style: { head: [], border: [] },
  });
  for (const { target, kind, inputs, endings, seconds, holdUp, memory } of rows) {
    const ended = Object.entries(endings).sort(([one], [other]) => (one < other ? -1 : 1));
    table.push([
      target,
      kind,
      inputs,
      ended.map(([ending, times]) => `${times} ${ending}`).join(', '),
      seconds.toFixed(1),
      `${Math.round(holdUp)} ms`,
      `${Math.round(memory / 1_048_576)} MiB`,
    ]);
  }
  const all = rows.reduce((sum, { inputs }) => sum + inputs, 0);
  return `${table.toString()}\n${all} inputs`;
}
