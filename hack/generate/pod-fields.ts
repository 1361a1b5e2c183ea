import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from '../../src/cli/package-folder.ts';
import type { Fate, Fates } from '../../src/translate/fates/fate.ts';
import { fates } from '../../src/translate/fates/fates.ts';

const head = `<!-- Made from src/translate/fates/ by \`npm run generate\`. -->

# Every field of a pod

What becomes of each field of a pod that runs through a virtual node. A type that has no table here, such as Probe or
SecurityContext, is carried whole, and so are fields that are newer than this list.

- **carried**: the same in both clusters
- **rewritten**: there in both clusters, with the difference that is named
- **dropped**: left out, because the other cluster has or decides its own
- **refused**: the pod is not sent down; it waits with the reason, and an event says the rest

Later changes of labels, annotations, images, requests and limits, tolerations in \`clusterSelector\`, the deadline and
added ephemeral containers follow. [What of a pod goes down](pods.md) tells the same in a few words.
`;

const titles: Record<string, string> = {
  ObjectMeta: 'Down: metadata of the pod',
  PodStatus: 'Up: PodStatus',
};

/** docs/pod-fields.md, from the table of fates. */
export function podFields(): string {
  const sections = Object.entries(fates).map(([type, of]) => section(titles[type] ?? type, of));
  return [head, ...sections].join('\n');
}

function section(title: string, of: Fates): string {
  const entries = Object.entries(of).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const plain = entries.filter(([, fate]) => fate.fate === 'carried' && !fate.note && !versions(fate));
  const rest = entries.filter((entry) => !plain.includes(entry));
  const lines = [`## ${title}`, ''];
  if (plain.length > 0) lines.push(`Carried: ${plain.map(([field]) => `\`${field}\``).join(', ')}.`, '');
  if (rest.length > 0) {
    lines.push('| field | becomes | |', '| --- | --- | --- |');
    for (const [field, fate] of rest) {
      const note = 'reason' in fate ? `\`${fate.reason}\`: ${fate.note}` : (fate.note ?? '');
      lines.push(`| \`${field}\`${versions(fate)} | ${fate.fate} | ${note} |`);
    }
    lines.push('');
  }
  return lines.join('\n');
}

function versions({ since, until }: Fate): string {
  return `${since ? ` (from 1.${since})` : ''}${until ? ` (up to 1.${until})` : ''}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(join(packageFolder(), 'docs', 'pod-fields.md'), podFields());
}
