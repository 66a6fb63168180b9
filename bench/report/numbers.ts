/** Numbers as people read them. */

/** Three significant digits, thousands parted: what noise leaves. */
export function readable(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  if (size === 0) return '0';
  return value.toFixed(Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(size)))));
}

/** A point of an axis: `1,000,000` says less than `1M`. */
export function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e4) return `${value / 1e3}k`;
  return value.toLocaleString('en-US');
}

export function times(value: number | undefined): string {
  return value === undefined ? '–' : `${readable(value)} ×`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
