/**
 * Text that others chose, such as ids and reasons, made harmless for a terminal: one line stays one line, and nothing in it
 * moves the cursor, changes colours, or turns the direction of reading.
 */

/** Control characters, line and paragraph separators, and what embeds, overrides or isolates a direction. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** The text with each of these as an escape of four digits (`\u202e`), which means the same where the text is JSON. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
