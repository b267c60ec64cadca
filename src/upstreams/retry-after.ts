const aDay = 86_400;

/** The seconds that a Retry-After header asks to wait, a day at most; null where it is none. It is a number or a date. */
export function toSeconds(header: string | null, now: number): number | null {
  if (header === null) {
    return null;
  }
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(aDay, Math.max(0, seconds));
}
