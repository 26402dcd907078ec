// SPDX-License-Identifier: Apache-2.0
// What the compiler cannot see: promises nobody waits for, and the direction of imports
// (gl, data -> scene -> ui; api alone talks to the network). Style is prettier's.

import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const NETWORK = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'].map((name) => ({
  name,
  message: 'Only src/api talks to the network.',
}));

/** Files in `room` may not import from the rooms above them. */
function below(room, rooms, why) {
  const group = rooms.flatMap((above) => [`**/${above}/*`, `**/${above}/**`]);
  return {
    files: [`src/${room}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message: why }] }] },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  ...tseslint.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      'no-restricted-globals': ['error', ...NETWORK],
      // A number in a sentence is what it looks like; everything else stays an error.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `onclick={() => open()}` says what happens; that it returns nothing is known.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: tseslint.parser, svelteConfig } },
    rules: {
      // Our own small router turns ordinary links into moves; there is no SvelteKit to resolve them.
      'svelte/no-navigation-without-resolve': 'off',
      // `let { a = 1 } = $props()`: Svelte's own form.
      'prefer-const': 'off',
      // To this parser a component or a snippet's parameter is `any`; svelte-check knows their types.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  // The wire is typed by declaration: what the server sends is checked by its own tests.
  { files: ['src/api/**/*.ts'], rules: { 'no-restricted-globals': 'off' } },
  below('gl', ['scene', 'ui', 'api'], 'gl is the lowest room.'),
  below('data', ['scene', 'ui', 'api'], 'data is the lowest room.'),
  below('scene', ['ui', 'api'], 'scene knows nothing of pages or the network.'),
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
