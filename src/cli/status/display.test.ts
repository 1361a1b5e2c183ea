import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createDisplay } from './display.ts';
import { statusDocument } from './document.ts';
import type { NodeReport } from './node-report.ts';

const one = 1_000_000_000n;
const report = (name: string, change: Partial<NodeReport> = {}): NodeReport => ({
  name,
  isReachable: true,
  cpu: { used: one / 2n, of: 3_200n * one },
  memory: { used: 2n ** 30n * one, of: 2n ** 53n * one },
  pods: { used: 2n * one, of: 10n * one },
  largestFree: { cpu: (3n * one) / 2n, memory: 1024n * one },
  podStates: new Map([['Running', 2]]),
  problems: [],
  ...change,
});
const a = report('vk-a');
const b = report('vk-b', { isReachable: false, largestFree: undefined, problems: ['Lost: no answer'] });
const bWell = report('vk-b');

test('the document has numbers in base units', () => {
  expect(statusDocument([a, b])).toEqual({
    apiVersion: 'isthmus.io/v1',
    kind: 'Status',
    nodes: [
      {
        name: 'vk-a',
        reachable: true,
        cpu: { used: 0.5, offered: 3200 },
        memory: { used: 2 ** 30, offered: 2 ** 53 },
        pods: { used: 2, offered: 10 },
        largestFreeNode: { cpu: 1.5, memory: 1024 },
        podStates: { Running: 2 },
        problems: [],
      },
      expect.objectContaining({
        name: 'vk-b',
        reachable: false,
        largestFreeNode: null,
        problems: ['Lost: no answer'],
      }),
    ],
  });
});

describe('once', () => {
  test('json and yaml are the document', () => {
    expect(JSON.parse(createDisplay('json', false, true)([a]))).toEqual(statusDocument([a]));
    expect(parse(createDisplay('yaml', false, true)([a]))).toEqual(statusDocument([a]));
  });

  test('without a node there is advice for people, and an empty list for programs', () => {
    expect(createDisplay('table', false, true)([])).toMatch(/^No virtual node yet/);
    expect(JSON.parse(createDisplay('json', false, true)([])).nodes).toEqual([]);
  });
});

describe('watched', () => {
  test.each(['json', 'yaml', 'table'] as const)('%s says nothing where nothing changed', (format) => {
    const display = createDisplay(format, true, false);
    expect(display([a])).not.toBe('');
    expect(display([report('vk-a')])).toBe('');
    expect(display([])).not.toBe('');
  });

  test('json is one line for each change', () => {
    const display = createDisplay('json', true, true);
    const lines = `${display([a])}${display([a, b])}`.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([statusDocument([a]), statusDocument([a, b])]);
  });

  test('yaml is one document for each change', () => {
    const display = createDisplay('yaml', true, true);
    const [nothing, ...documents] = `${display([a])}${display([a, b])}`.split('---\n');
    expect([nothing, ...documents.map((text) => parse(text))]).toEqual([
      '',
      statusDocument([a]),
      statusDocument([a, b]),
    ]);
  });

  test('a table is drawn anew on a terminal', () => {
    const display = createDisplay('table', true, true);
    display([a]);
    const text = display([a, b]);
    expect(text.startsWith('\u001b[H\u001b[J')).toBe(true);
    expect(text).toContain('\nvk-a ');
    expect(display([a, b])).toBe('');
  });

  test('elsewhere the rows that changed are added, with what is wrong, and what is gone', () => {
    const display = createDisplay('table', true, false);
    expect(display([a, bWell])).toMatch(/^NODE .*\nvk-a .*\nvk-b .*\n$/);
    expect(display([a, b])).toMatch(/^vk-b +NO .*\n\nWrong:\n {2}vk-b: Lost: no answer\n$/);
    expect(display([b])).toBe('vk-a  is gone\n');
  });
});
