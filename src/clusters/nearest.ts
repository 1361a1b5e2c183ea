/** More changes than this make another word, not a slip of the hand. */
const mostChanges = 2;

/** The known word that somebody most likely meant; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const small = word.toLowerCase().slice(0, 64);
  const [best] = known
    .map((candidate) => ({ candidate, changes: changesBetween(small, candidate.toLowerCase()) }))
    .filter(({ changes }) => changes <= mostChanges)
    .sort((a, b) => a.changes - b.changes);
  return best?.candidate;
}

/** Levenshtein's distance: how many characters are put in, left out or exchanged. */
function changesBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, character] of [...from].entries()) {
    const line = [row + 1];
    for (let column = 1; column <= to.length; column++) {
      const exchanged = (above[column - 1] ?? 0) + (character === to[column - 1] ? 0 : 1);
      line.push(Math.min(exchanged, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[to.length] ?? 0;
}
