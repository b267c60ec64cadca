import type { ComponentChildren } from 'preact';
import type { AccessMap } from './directory.js';
import type { AccessList } from './documents.js';
import { type Pages, usePages } from './loading.js';
import { More } from './more.js';
import { useSignedIn } from './signed-in.js';

interface ListingProps {
  readonly id: string;
  readonly title: string;
  readonly pages: Pages<unknown>;
  /** Why nothing can be taken away here. */
  readonly note?: string | null;
  readonly children: ComponentChildren;
}

/** One list of the access map. Its heading takes the focus where what had it is gone. */
export function Listing({ id, title, pages, note = null, children }: ListingProps) {
  return (
    <section class="listing" aria-labelledby={id}>
      <h3 id={id} tabIndex={-1}>
        {title} <span class="count">{pages.totalCount}</span>
      </h3>
      {note && pages.totalCount > 0 && <p class="note">{note}</p>}
      {pages.totalCount === 0 ? <p class="hint">None</p> : <ul class="entries">{children}</ul>}
      <More pages={pages} what={title.toLowerCase()} />
    </section>
  );
}

/** A list of the access map, from the page that came with it on. */
export function useAccessList<Name extends AccessList>(user: AccessMap, name: Name) {
  const { client, documents } = useSignedIn();
  type Edge = AccessMap[Name]['edges'][number];
  type List = { user: { [Key in Name]: AccessMap[Key] } };
  return usePages<Edge>(user[name], async (after) => {
    const { user: person } = await client.ask<List>(documents.accessList(name), { id: user.id, after });
    return person[name];
  });
}
