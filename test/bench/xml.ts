/** Enough of XML to tell whether a picture is well-formed. */

const TAG = /<(\/?)([a-z]+)((?: [a-z0-9:-]+="[^"<]*")*)(\/?)>/gi;
const ENTITY = /&(?!(?:amp|lt|gt|quot);)/;

/** Names of the elements, in order. @throws Error where text is not well-formed, or an attribute is no number that has to be */
export function tagsOf(text: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const rest = text.replace(TAG, (_tag: string, closes: string, name: string, attributes: string, closed: string) => {
    if (/NaN|Infinity|undefined/.test(attributes)) throw new Error(`<${name}> has no such place: ${attributes}`);
    if (closes === '') names.push(name);
    if (closes === '/' && open.pop() !== name) throw new Error(`</${name}> closes what is not open`);
    if (closes === '' && closed === '') open.push(name);
    return '';
  });
  if (open.length > 0) throw new Error(`<${open.join('>, <')}> stay open`);
  if (/[<>]/.test(rest) || ENTITY.test(text)) throw new Error('a bare <, > or &');
  return names;
}
