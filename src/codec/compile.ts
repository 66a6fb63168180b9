/**
 * Code made at run time. What packets look like is known only then, and code that has their keys for constants reads and
 * writes them in less than half the time (`npm run micro`, which can be told to do without). Where a runtime forbids to compile text
 * (`--disallow-code-generation-from-strings`, workers of some hosts), there is none, and nothing else differs.
 *
 * Strangers choose the keys. They come into the text as numbers, one for each byte, or as JSON, which is a literal and
 * nothing else whatever it says.
 */

/** False once compiling was found to be forbidden. */
export let allowed = true;

/** What the text returns, given the values by their names; null where compiling is forbidden. */
export function compile<Made>(values: Readonly<Record<string, unknown>>, text: string): Made | null {
  if (!allowed) return null;
  try {
    return new Function(...Object.keys(values), text)(...Object.values(values)) as Made;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    allowed = false;
    return null;
  }
}
