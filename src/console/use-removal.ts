import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Failure, isAbort } from './client.js';
import type { AccessMap } from './directory.js';
import { nameOf } from './directory.js';
import { type Explanation, explain, explainFailure } from './explanations.js';
import { isSuccess, type RemovalSuccess, requestRemoval, type Target } from './removal.js';
import { useSignedIn } from './signed-in.js';

/** What a removal, or its preview, came to. */
export type Result =
  | { readonly success: RemovalSuccess }
  | {
      readonly success: null;
      readonly explanation: Explanation;
      /** The member of the union; null where there was no answer. */
      readonly type: string | null;
      readonly isRetryable: boolean;
      readonly traceId: string | null;
    };

export type Stage =
  | { readonly name: 'PREVIEWING' }
  | { readonly name: 'PREVIEWED' | 'REMOVING'; readonly result: Result }
  | { readonly name: 'ANSWERED'; readonly result: Result };

/** The way from a dry run to the answer. The dry run is asked for at once. */
export function useRemoval(user: AccessMap, target: Target) {
  const { client, documents } = useSignedIn();
  const [stage, setStage] = useState<Stage>({ name: 'PREVIEWING' });
  const [round, setRound] = useState(0);
  const isSent = useRef(false);
  const isRemoving = useRef(false);
  const ask = useCallback(
    async (dryRun: boolean, reason: string, signal?: AbortSignal): Promise<Result> => {
      const request = { userId: user.id, target, dryRun, reason };
      try {
        const answer = await requestRemoval(client, documents, request, signal);
        if (isSuccess(answer)) {
          return { success: answer };
        }
        const { __typename: type, retryable: isRetryable = false, traceId = null } = answer;
        return { success: null, explanation: explain(answer, target, nameOf(user)), type, isRetryable, traceId };
      } catch (error) {
        if (isAbort(error)) {
          throw error;
        }
        const explanation = explainFailure(error, dryRun);
        const traceId = error instanceof Failure ? error.traceId : null;
        return { success: null, explanation, type: null, isRetryable: true, traceId };
      }
    },
    [client, documents, user.id, target],
  );
  // Another round asks the same again.
  useEffect(() => {
    const abort = new AbortController();
    ask(true, '', abort.signal).then(
      (result) => setStage({ name: 'PREVIEWED', result }),
      () => {},
    );
    return () => abort.abort();
  }, [ask, round]);
  return {
    stage,
    /** Whether a removal was asked for, whatever came of it. */
    isSent,
    preview: () => {
      setStage({ name: 'PREVIEWING' });
      setRound((count) => count + 1);
    },
    remove: async (reason: string) => {
      // Not by `stage`: two clicks can come before the button is drawn anew, and the second answer would hide the first.
      if (isRemoving.current) {
        return;
      }
      isRemoving.current = true;
      isSent.current = true;
      setStage((now) => ('result' in now ? { name: 'REMOVING', result: now.result } : now));
      const result = await ask(false, reason);
      isRemoving.current = false;
      setStage({ name: 'ANSWERED', result });
    },
  };
}
