// SPDX-License-Identifier: Apache-2.0
import type { ExperimentQuery, OortApi } from './oort_api';
import type { Experiment } from './types';

export interface LoadedExperiments {
  /** Newest first. */
  experiments: Experiment[];
  /** The server has older ones. */
  more: boolean;
}

const PAGE = 200;

/** Follows the cursor until `wanted` experiments are here or there are no more. */
export async function loadExperiments(
  api: Pick<OortApi, 'experiments'>,
  asked: ExperimentQuery,
  wanted: number,
  signal?: AbortSignal,
): Promise<LoadedExperiments> {
  const experiments: Experiment[] = [];
  let before: string | number | undefined;
  for (;;) {
    const limit = Math.min(PAGE, wanted - experiments.length);
    const page = await api.experiments({ ...asked, limit, before }, signal);
    experiments.push(...page.experiments);
    const next = page.next ?? undefined;
    // An empty page with a cursor would go round for ever.
    if (next === undefined || page.experiments.length === 0) return { experiments, more: false };
    if (experiments.length >= wanted) return { experiments, more: true };
    before = next;
  }
}
