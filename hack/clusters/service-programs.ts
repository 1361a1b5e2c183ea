import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isExecutable } from './binaries.ts';
import { download, sourceOf } from './download.ts';
import { which } from './exec.ts';
import { findTestProgram, pathOfTestProgram } from './test-programs.ts';
import { messageOf } from './text.ts';
import { servicePrograms } from './versions.ts';

/**
 * Gets the programs of {@link servicePrograms} into the cache: a verified download, else a build with Go. Returns
 * undefined when all is there, or one line that says why it is not.
 */
export async function obtainServicePrograms(
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (!(await which('iptables'))) return 'kube-proxy writes its rules with iptables, which is not installed';
  for (const program of servicePrograms) {
    const path = pathOfTestProgram(program);
    if (isExecutable(path)) continue;
    try {
      progress(`missing ${program}: trying to download`);
      mkdirSync(dirname(path), { recursive: true });
      await download(program, dirname(path), signal, sourceOf(program));
    } catch (failure) {
      signal?.throwIfAborted();
      progress(`downloading ${program} failed (${messageOf(failure)}); building it with Go takes minutes`);
      try {
        await findTestProgram(program);
      } catch (error) {
        return messageOf(error);
      }
    }
  }
  return undefined;
}
