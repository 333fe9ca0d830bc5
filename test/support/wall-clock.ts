const RealDate = Date;

/**
 * Sets the wall clock of this process by so much ahead of the machine's; 0 sets it right. As when a machine's clock is set, timers
 * and `performance.now()` go on as they were, and other processes know nothing of it.
 */
export function setWallClock(aheadMs: number): void {
  globalThis.Date = aheadMs === 0 ? RealDate : shifted(aheadMs);
}

function shifted(aheadMs: number): DateConstructor {
  const now = (): number => RealDate.now() + aheadMs;
  return new Proxy(RealDate, {
    construct: (_, args: unknown[], target) =>
      Reflect.construct(RealDate, args.length > 0 ? args : [now()], target),
    get: (_, name) => (name === 'now' ? now : Reflect.get(RealDate, name)),
  });
}
