// SPDX-License-Identifier: Apache-2.0
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `OORT_URL=http://127.0.0.1:PORT npm run dev` serves the pages from their sources and passes the
// questions on to a running server. The server checks who asks, so the origin is made its own.
const server = process.env['OORT_URL'] ?? 'http://127.0.0.1:8265';

// Everything is served from the server's own origin under a strict Content-Security-Policy: no inline
// script or style, no data: URLs, so nothing may be inlined into the page.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: server, changeOrigin: true, ws: true, headers: { Origin: server } } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
