/** How much of a difference is chance: two copies of one program were measured in the same rounds. */
import type { Report, WorkloadResult } from '../result.js';

export interface Noise {
  readonly workload: WorkloadResult;
  readonly key: string;
  /** By which part the two copies differ. */
  readonly difference: number;
}

/** Of the first figure of each workload, and of its CPU where that is another; empty unless both copies took part. */
export function noiseOf(report: Report): Noise[] {
  return report.workloads.flatMap((workload) => {
    const again = workload.results.find(({ peer }) => peer === 'floor-again');
    return Object.entries(again?.toFloor ?? {}).map(([key, ratio]) => ({
      workload,
      key,
      difference: Math.abs(ratio - 1),
    }));
  });
}

/** What may be read into a rate: the largest difference of rates between the copies; `null` when that was not measured. */
export function noiseOfRates(report: Report): number | null {
  const rates = noiseOf(report).filter(({ key }) => key === 'rate');
  return rates.length === 0 ? null : Math.max(...rates.map(({ difference }) => difference));
}
