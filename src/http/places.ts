import { isEventStream } from './event-streams.js';
import type { Overload } from './overload.js';
import type { HttpPlugin } from './plugin.js';

/** Tells admission how far the requests are that go Yoga's whole way. */
export function usePlaces({ whileAtWork, answered, leave }: Overload): HttpPlugin {
  return {
    onExecute({ context: { req }, executeFn, setExecuteFn }) {
      if (req) {
        setExecuteFn((args) => whileAtWork(req, async () => executeFn(args)));
      }
    },
    onResponse({ response, serverContext: { req } }) {
      if (req) {
        (isEventStream(response) ? leave : answered)(req);
      }
    },
  };
}
