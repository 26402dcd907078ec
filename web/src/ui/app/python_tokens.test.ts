// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { pythonTokens } from './python_tokens';

it('colours code without changing a character of it', () => {
  const code = 'from oort import Experiment\nlog([1, 0.5], labels=["one 1"])\n';
  const tokens = pythonTokens(code);
  expect(tokens.map(({ text }) => text).join('')).toBe(code);
  const coloured = tokens.filter(({ kind }) => kind !== 'plain');
  expect(coloured.map(({ text }) => text)).toEqual(['from', 'import', '1', '0.5', '"one 1"']);
});
