import type { Row, Who } from './bench.ts';

const columns: [Who, string][] = [
  ['isthmus', 'isthmus'],
  ['mirror', 'bare mirror'],
  ['peer', 'peer'],
  ['pipe', 'bare pipe'],
  ['direct', 'direct'],
];

/** The rows as a table in Markdown; the last columns tell isthmus as a multiple of the bare mirror, and the aim. */
export function tableOf(rows: readonly Row[]): string {
  const used = columns.filter(([who]) => rows.some(({ figures }) => figures[who] !== undefined));
  const head = ['what', ...used.map(([, title]) => title), 'to the mirror', 'aim'];
  const body = rows.map(({ what, unit, figures, aim = '' }) => [
    `${what} (${unit})`,
    ...used.map(([who]) => write(figures[who])),
    write(ratioOf(figures)),
    aim,
  ]);
  return [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A figure of isthmus as a multiple of the bare mirror's. */
function ratioOf({ isthmus, mirror }: Row['figures']): number | undefined {
  return isthmus === undefined || !mirror ? undefined : isthmus / mirror;
}

function write(figure: number | undefined): string {
  if (figure === undefined) return '';
  return figure >= 100 ? figure.toFixed(0) : figure.toFixed(figure >= 10 ? 1 : 2);
}
