import type { Pages } from './loading.js';
import { Problem } from './status.js';

/** Offers the next page of a list, where there is one. */
export function More({ pages, what }: { pages: Pages<unknown>; what: string }) {
  const { edges, totalCount, hasMore, isLoading, failure, more } = pages;
  if (failure) {
    return <Problem failure={failure} onRetry={more} />;
  }
  return hasMore ? (
    <button type="button" class="button more" disabled={isLoading} onClick={more}>
      More {what} ({edges.length} of {totalCount} shown)
    </button>
  ) : null;
}
