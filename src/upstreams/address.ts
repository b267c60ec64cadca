/**
 * The address of a path below an upstream's base. Each segment is encoded, and the result is compared with what was
 * meant: `encodeURIComponent('..')` is still a way out of the path. Null where they differ, or a segment can't be
 * encoded.
 */
export function toAddress(base: string, segments: readonly string[]): URL | null {
  const { origin, pathname } = new URL(base);
  if (!segments.every((segment) => segment !== '' && segment.isWellFormed())) {
    return null;
  }
  const path = [pathname.replace(/\/+$/, ''), ...segments.map(encodeURIComponent)].join('/');
  const address = new URL(path, origin);
  return address.origin === origin && address.pathname === path && address.search === '' ? address : null;
}
