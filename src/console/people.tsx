import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Connection, type ListedPerson, nameOf } from './directory.js';
import { useLoaded, usePages } from './loading.js';
import { More } from './more.js';
import { useSignedIn } from './signed-in.js';
import { Problem } from './status.js';

type UserConnection = Connection<{ readonly node: ListedPerson }>;

/** Finds people by a part of their login or name. */
export function People({ selected }: { selected: string | null }) {
  const { viewer } = useSignedIn();
  const [search, setSearch] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const readsAll = viewer.permissions.includes('READ_DIRECTORY');
  const settled = useSettled(search.trim());
  useEffect(() => field.current?.focus(), []);
  return (
    <search class="people" aria-label="People">
      <h1>People</h1>
      <div class="field">
        <label for="search">Login or name</label>
        <input
          id="search"
          ref={field}
          type="search"
          autocomplete="off"
          spellcheck={false}
          maxLength={254}
          placeholder="A part of it is enough"
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      </div>
      {!readsAll && <p class="note">Your credential sees its own user only, if it has one.</p>}
      <Found search={settled} selected={selected} />
    </search>
  );
}

/** The value once it has not changed for a moment, so that not every key asks. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), 150);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

function Found({ search, selected }: { search: string; selected: string | null }) {
  const { client, documents } = useSignedIn();
  const find = useCallback(
    async (after: string | null, signal?: AbortSignal) => {
      const variables = { search: search || null, after };
      return (await client.ask<{ users: UserConnection }>(documents.users, variables, signal)).users;
    },
    [client, documents, search],
  );
  // The people that are shown until others are found belong to what was searched for then.
  const load = useCallback(async (signal: AbortSignal) => ({ search, find, first: await find(null, signal) }), [find]);
  const { data, failure, isLoading, reload } = useLoaded(load);
  return (
    <div class="found" aria-busy={isLoading}>
      <p class="count" role="status">
        {data ? toCount(data.first.totalCount, data.search) : ''}
      </p>
      {failure && <Problem failure={failure} onRetry={reload} />}
      {data && <PersonList first={data.first} find={data.find} selected={selected} />}
    </div>
  );
}

const toCount = (count: number, search: string) => {
  const people = count === 1 ? '1 person' : `${count || 'No'} people`;
  return search ? `${people} found` : `${people} in all`;
};

interface PersonListProps {
  readonly first: UserConnection;
  readonly find: (after: string | null) => Promise<UserConnection>;
  readonly selected: string | null;
}

function PersonList({ first, find, selected }: PersonListProps) {
  const pages = usePages(first, find);
  return (
    <>
      <ul class="person-list">
        {pages.edges.map(({ node }) => (
          <li key={node.id}>
            <a href={`#${node.id}`} aria-current={node.id === selected ? 'true' : undefined}>
              <span class="person-name">{nameOf(node)}</span>
              <span class="person-login">{node.login}</span>
              {!node.active && <span class="badge">inactive</span>}
            </a>
          </li>
        ))}
      </ul>
      <More pages={pages} what="people" />
    </>
  );
}
