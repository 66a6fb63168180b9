/** The arithmetic of the report. */

export type Better = 'more' | 'less';

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** How far apart the values are, as a part of their median; 0 when that is 0. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / middle;
}

/** How many times as good `ours` is as `theirs`: above 1 is better, whichever way better lies. `null` where one is 0. */
export function advantage(ours: number, theirs: number, better: Better): number | null {
  if (ours === 0 || theirs === 0) return null;
  return better === 'more' ? ours / theirs : theirs / ours;
}

/** The median of the advantages round by round: what slows a whole round down slows both, and so cancels out. */
export function medianAdvantage(ours: readonly number[], theirs: readonly number[], better: Better): number | null {
  if (ours.length !== theirs.length) throw new RangeError('both must have been measured in the same rounds');
  const each = ours.map((value, round) => advantage(value, theirs[round] as number, better));
  return each.includes(null) ? null : median(each as number[]);
}
