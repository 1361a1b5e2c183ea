/** One entry of a tar archive. A link's `target` is what it points to. */
export type TarEntry =
  | { readonly path: string; readonly type: 'file'; readonly content: Buffer; readonly mode?: number }
  | { readonly path: string; readonly type: 'folder'; readonly mode?: number }
  | { readonly path: string; readonly type: 'link'; readonly target: string };

const flags = { file: '0', link: '2', folder: '5' };
const BLOCK = 512;

/** A POSIX (ustar) archive, owned by root and dated 1970, so that the same entries give the same bytes. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = entry.type === 'file' ? entry.content : Buffer.alloc(0);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(entry, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(entry: TarEntry, size: number): Buffer {
  const target = entry.type === 'link' ? entry.target : '';
  if (Buffer.byteLength(entry.path) > 100 || Buffer.byteLength(target) > 100) {
    throw new Error(`tar: the path ${entry.path} is longer than 100 bytes`);
  }
  const block = Buffer.alloc(BLOCK);
  const mode = entry.type === 'link' ? 0o777 : (entry.mode ?? (entry.type === 'folder' ? 0o755 : 0o644));
  block.write(entry.path, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  // The checksum is summed with its own field full of spaces.
  block.write(' '.repeat(8), 148);
  block.write(flags[entry.type], 156);
  block.write(target, 157);
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
