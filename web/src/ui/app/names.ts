// SPDX-License-Identifier: Apache-2.0
import type { Experiment } from '../../api/types';

/** An experiment without a name is called by the end of its key: the beginning is the time. */
export function experimentName(experiment: Pick<Experiment, 'name' | 'key'>): string {
  return experiment.name !== null && experiment.name.trim() !== ''
    ? experiment.name
    : `experiment ${experiment.key.slice(-8)}`;
}
