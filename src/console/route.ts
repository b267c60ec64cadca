import { useEffect, useState } from 'preact/hooks';

/** What the page shows. It is in the hash, which no server sees: back and forward work, and a user can be linked to. */
export type Route = { readonly view: 'people' | 'audit' } | { readonly view: 'person'; readonly id: string };

function readRoute(): Route {
  const hash = location.hash.slice(1);
  if (/^user_[A-Za-z0-9-]{1,64}$/.test(hash)) {
    return { view: 'person', id: hash };
  }
  return { view: hash === 'audit' ? 'audit' : 'people' };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const follow = () => setRoute(readRoute());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
