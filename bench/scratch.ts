/** Folders that are gone when the command ends, however it ends, short of being killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set<string>();
process.on('exit', () => {
  for (const folder of made) removeScratch(folder);
});

export function scratch(): string {
  // Sockets' paths must be short.
  const folder = mkdtempSync(join(tmpdir(), 'masterless-bench-'));
  made.add(folder);
  return folder;
}

export function removeScratch(folder: string): void {
  made.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}
