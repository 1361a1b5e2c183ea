import { stringify } from 'yaml';
import { statusDocument } from './document.ts';
import type { NodeReport } from './node-report.ts';
import { renderTable } from './table.ts';

/** The text to write for the virtual nodes as they are now; empty when nothing that is shown has changed. */
export type Display = (reports: readonly NodeReport[]) => string;

/** Moves to the top left, and clears what is below: the last screen stays in the scroll-back of nobody. */
const clearScreen = '\u001b[H\u001b[J';

/**
 * How the virtual nodes are shown, the first time and each time after. A watched table is drawn anew on a terminal;
 * elsewhere what changed is added below. Watched JSON is a line for each change, watched YAML a document.
 */
export function createDisplay(
  format: 'table' | 'json' | 'yaml',
  isWatched: boolean,
  isTerminal: boolean,
): Display {
  switch (format) {
    case 'json':
      return whenChanged((reports) =>
        isWatched
          ? `${JSON.stringify(statusDocument(reports))}\n`
          : `${JSON.stringify(statusDocument(reports), null, 2)}\n`,
      );
    case 'yaml':
      return whenChanged((reports) => `${isWatched ? '---\n' : ''}${stringify(statusDocument(reports))}`);
    case 'table':
      if (!isWatched) return (reports) => `${renderTable(reports)}\n`;
      return isTerminal ? whenChanged((reports) => `${clearScreen}${renderTable(reports)}\n`) : appended();
  }
}

function whenChanged(render: Display): Display {
  let last = '';
  return (reports) => {
    const text = render(reports);
    if (text === last) return '';
    last = text;
    return text;
  };
}

/** The whole table once, then the rows of nodes that changed with what is wrong with them, and nodes that went. */
function appended(): Display {
  let shown: Map<string, string> | undefined;
  return (reports) => {
    const former = shown;
    shown = new Map(reports.map((report) => [report.name, JSON.stringify(statusDocument([report]))]));
    if (!former) return `${renderTable(reports)}\n`;
    const changed = reports.filter(({ name }) => shown?.get(name) !== former.get(name));
    const gone = [...former.keys()].filter((name) => !shown?.has(name)).map((name) => `${name}  is gone\n`);
    const [, ...lines] = changed.length > 0 ? renderTable(changed).split('\n') : [];
    return [...lines.map((line) => `${line}\n`), ...gone].join('');
  };
}
