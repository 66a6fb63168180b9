/** What was measured of processes over time, and whether it rises. */

export interface Sample {
  /** Seconds from the beginning. */
  readonly time: number;
  readonly node: string;
  /** Which of its processes. */
  readonly life: number;
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly rss: number;
  readonly descriptors: number;
}

export type Measure = 'heap' | 'rss' | 'descriptors';

/** A straight line through points, by least squares. */
export interface Trend {
  /** Per second. */
  readonly slope: number;
  /** At time 0. */
  readonly start: number;
}

export function trend(samples: readonly Sample[], measure: Measure): Trend {
  const { length } = samples;
  if (length < 2) return { slope: 0, start: samples[0]?.[measure] ?? 0 };
  const meanTime = samples.reduce((sum, { time }) => sum + time, 0) / length;
  const meanValue = samples.reduce((sum, sample) => sum + sample[measure], 0) / length;
  let [covariance, variance] = [0, 0];
  for (const sample of samples) {
    covariance += (sample.time - meanTime) * (sample[measure] - meanValue);
    variance += (sample.time - meanTime) ** 2;
  }
  const slope = variance === 0 ? 0 : covariance / variance;
  return { slope, start: meanValue - slope * meanTime };
}

/** Samples by node, in the order in which nodes first appear. */
export function byNode(samples: readonly Sample[]): Map<string, Sample[]> {
  const nodes = new Map<string, Sample[]>();
  for (const sample of samples) nodes.set(sample.node, [...(nodes.get(sample.node) ?? []), sample]);
  return nodes;
}

const COLUMNS = ['time', 'node', 'life', 'heap', 'rss', 'descriptors'] as const;

export const CSV_HEAD = `${COLUMNS.join(',')}\n`;

export function csvLine(sample: Sample): string {
  return `${COLUMNS.map((column) => sample[column]).join(',')}\n`;
}
