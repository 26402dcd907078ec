// SPDX-License-Identifier: Apache-2.0
// The door of the web app.

import { mount } from 'svelte';
import './ui/kit/tokens.css';
import './ui/kit/base.css';
import './ui/app/app.css';
import App from './ui/app/app.svelte';
import { theme } from './ui/kit/theme.svelte';

const fragment = window.location.hash;
// The code in the fragment is for one use: it leaves the address, and with it the history, at once.
if (fragment !== '') {
  history.replaceState(history.state, '', window.location.pathname + window.location.search);
}

theme.start();
document.body.classList.add('oort');
const target = document.getElementById('app');
if (target !== null) mount(App, { target, props: { fragment } });
