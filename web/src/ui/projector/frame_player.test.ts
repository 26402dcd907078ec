// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { FramePlayer } from './frame_player';

/** A player in a time of its own, and what it showed: [when, frame, milliseconds]. */
function playing(still = false) {
  let time = 0;
  let timers: { at: number; run: () => void }[] = [];
  const shown: [number, number, number][] = [];
  const player = new FramePlayer<number>({
    show: (frame, milliseconds) => shown.push([time, frame, milliseconds]),
    still,
    now: () => time,
    later: (run, milliseconds) => {
      const timer = { at: time + milliseconds, run };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
  });
  const until = (end: number): void => {
    for (;;) {
      const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers = timers.filter((one) => one !== next);
      time = next.at;
      next.run();
    }
    time = end;
  };
  return { player, shown, until };
}

it('shows the first frame at once and each further one when the last movement has ended', () => {
  const { player, shown, until } = playing();
  for (let i = 0; i < 40; i++) {
    until(i * 50);
    player.push(i);
  }
  until(5000);
  expect(shown[0]).toEqual([0, 0, 120]);
  for (let i = 1; i < shown.length; i++) {
    const [before, now] = [shown[i - 1], shown[i]] as [number[], number[]];
    // No gap and no overlap: the points are always under way.
    expect((now[0] as number) - (before[0] as number)).toBeCloseTo(before[2] as number);
    expect(now[1]).toBeGreaterThan(before[1] as number);
  }
  expect(shown.at(-1)?.[1]).toBe(39);
  // It settles at the pace of the frames.
  expect(shown.at(-2)?.[2]).toBeCloseTo(50, -1);
});

it('leaves out frames that came while the points were still moving', () => {
  const { player, shown, until } = playing();
  player.push(0);
  for (let i = 1; i <= 10; i++) {
    until(i * 5);
    player.push(i);
  }
  until(5000);
  expect(shown.map(([, frame]) => frame)).toEqual([0, 10]);
});

it('takes its time with frames that come seldom, up to a second and a half', () => {
  const { player, shown, until } = playing();
  for (let i = 0; i < 30; i++) {
    until(i * 4000);
    player.push(i);
  }
  expect(shown.at(-1)?.[2]).toBeGreaterThan(1400);
  expect(shown.at(-1)?.[2]).toBeLessThanOrEqual(1500);
});

it('forgets what waits when it is cleared', () => {
  const { player, shown, until } = playing();
  player.push(0);
  player.push(1);
  player.clear();
  until(5000);
  expect(shown.map(([, frame]) => frame)).toEqual([0]);
  player.push(2);
  expect(shown.at(-1)).toEqual([5000, 2, 120]);
});

it('shows a still picture once a second to those who asked for less motion', () => {
  const { player, shown, until } = playing(true);
  for (let i = 0; i < 100; i++) {
    until(i * 50);
    player.push(i);
  }
  until(10_000);
  expect(shown.map(([when]) => when)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  expect(shown.every(([, , milliseconds]) => milliseconds === 0)).toBe(true);
});
