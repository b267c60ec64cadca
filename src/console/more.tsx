import { useEffect, useRef } from 'preact/hooks';
import type { Pages } from './loading.js';
import { Problem, Status } from './status.js';

/** Offers the next page of a list, where there is one. */
export function More({ pages, what }: { pages: Pages<unknown>; what: string }) {
  const { edges, totalCount, hasMore, isLoading, failure, more } = pages;
  const place = useRef<HTMLDivElement>(null);
  const isAsked = useRef(false);
  // The button goes with the last page, and takes the focus with it: the keyboard would start at the top again.
  useEffect(() => {
    if (isAsked.current && document.activeElement === document.body) {
      place.current?.focus({ preventScroll: true });
    }
  });
  const ask = () => {
    isAsked.current = true;
    more();
  };
  return (
    <div ref={place} tabIndex={-1} class="more-place">
      <Status
        text={isAsked.current && !isLoading && !failure ? `${edges.length} of ${totalCount} ${what} shown` : ''}
      />
      {failure && <Problem failure={failure} onRetry={ask} />}
      {hasMore && !failure && (
        // Not disabled, which would cost it the focus too.
        <button type="button" class="button more" aria-disabled={isLoading} onClick={() => isLoading || ask()}>
          More {what} ({edges.length} of {totalCount} shown)
        </button>
      )}
    </div>
  );
}
