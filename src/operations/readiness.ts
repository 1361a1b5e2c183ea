/** Whether one part of a process does its work. */
export interface ReadinessCheck {
  /** What it is about, such as the name of a virtual node. */
  readonly name: string;
  /**
   * False while the process itself has not got there. What is wrong elsewhere, and no restart of ours would mend, is
   * only said.
   */
  readonly isReady: boolean;
  /** How it stands, in words. */
  readonly says: string;
}

/** All checks as `/readyz` shows them: one line each, and the verdict below. */
export function summarize(checks: Iterable<ReadinessCheck>): { isReady: boolean; text: string } {
  const all = [...checks];
  const isReady = all.every((check) => check.isReady);
  const lines = all.map((check) => `[${check.isReady ? '+' : '-'}] ${check.name}: ${oneLine(check.says)}`);
  return { isReady, text: [...lines, isReady ? 'ready' : 'not ready'].join('\n') };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
