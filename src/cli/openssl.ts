/**
 * The program openssl, for what Node can't do itself: write certificates. Nothing secret is in its arguments, which every
 * user of the machine can read, and it reads no configuration but the one that it is given.
 */
import { execFile } from 'node:child_process';

/** Milliseconds. What it is asked for here takes a tenth of a second. */
const DEADLINE = 30_000;

/** openssl is not there, or did not do what it was asked for. */
export class OpensslError extends Error {}

/**
 * What it prints.
 * @param folder - where it runs; it finds its files by names without a path
 * @throws OpensslError
 */
export function openssl(args: readonly string[], folder: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('openssl', [...args], { cwd: folder, signal, timeout: DEADLINE }, (cause, stdout, stderr) => {
      if (cause === null) resolve(stdout);
      else if (cause.code === 'ENOENT') reject(missing(cause));
      else reject(new OpensslError(`openssl ${args[0]} failed: ${reason(stderr, cause)}`, { cause }));
    });
  });
}

function missing(cause: Error): OpensslError {
  return new OpensslError(
    'the program openssl, which writes the certificates, is not on the PATH: install it (Linux: its package openssl; macOS has one; Git for Windows brings one), or make them with another tool, as docs/security.md shows',
    { cause },
  );
}

/** The first line that says something; openssl's own deadline and signals say nothing. */
function reason(stderr: string, cause: { readonly killed?: boolean; readonly message: string }): string {
  if (cause.killed === true) return `it was not done after ${DEADLINE / 1000} s, or was ended`;
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^[.+*-]+$/.test(line));
  return lines.find((line) => /error|unable|can't|unknown/i.test(line)) ?? lines[0] ?? cause.message;
}
