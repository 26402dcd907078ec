// SPDX-License-Identifier: Apache-2.0
// One tooltip for the whole page: shown after a short rest of the pointer or at once on keyboard
// focus, placed through CSSOM (the Content-Security-Policy allows no style attributes in markup).

const DELAY_MS = 450;
const GAP_PX = 6;
let bubble: HTMLDivElement | null = null;
let owner: HTMLElement | null = null;

function place(node: HTMLElement, tip: HTMLDivElement): void {
  const box = node.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const centre = box.left + box.width / 2 - size.width / 2;
  const left = Math.max(4, Math.min(window.innerWidth - size.width - 4, centre));
  const below = box.bottom + GAP_PX;
  const fits = below + size.height <= window.innerHeight - 4;
  tip.style.setProperty('left', `${left}px`);
  tip.style.setProperty('top', `${fits ? below : box.top - size.height - GAP_PX}px`);
}

function show(node: HTMLElement, text: string): void {
  if (text === '' || !node.isConnected) return;
  hide(owner);
  bubble = document.createElement('div');
  bubble.className = 'oort-tip';
  bubble.setAttribute('role', 'tooltip');
  bubble.popover = 'manual';
  bubble.textContent = text;
  // Beside its owner, so that it takes the theme from there; as a popover it lies above everything.
  (node.closest<HTMLElement>('[data-theme]') ?? document.body).append(bubble);
  bubble.showPopover();
  owner = node;
  place(node, bubble);
}

function hide(node: HTMLElement | null): void {
  if (node === null || owner !== node) return;
  bubble?.remove();
  bubble = null;
  owner = null;
}

/** Svelte action: `<button use:tooltip={'Fit all points  F'}>`. The text is a hint, never the only
    name of a control: give the control its own aria-label. */
export function tooltip(node: HTMLElement, text: string) {
  let current = text;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enter = (event: PointerEvent): void => {
    if (event.pointerType === 'touch') return;
    clearTimeout(timer);
    timer = setTimeout(() => show(node, current), DELAY_MS);
  };
  const leave = (): void => {
    clearTimeout(timer);
    hide(node);
  };
  const focus = (): void => {
    if (node.matches(':focus-visible')) show(node, current);
  };
  node.addEventListener('pointerenter', enter);
  node.addEventListener('pointerleave', leave);
  node.addEventListener('pointerdown', leave);
  node.addEventListener('focus', focus);
  node.addEventListener('blur', leave);
  return {
    update(next: string): void {
      current = next;
      if (owner === node && bubble !== null) bubble.textContent = next;
    },
    destroy(): void {
      leave();
      node.removeEventListener('pointerenter', enter);
      node.removeEventListener('pointerleave', leave);
      node.removeEventListener('pointerdown', leave);
      node.removeEventListener('focus', focus);
      node.removeEventListener('blur', leave);
    },
  };
}
