import { formatMinute } from './dates.js';
import { Explained } from './explained.js';
import { LostAndKept } from './lost-and-kept.js';
import type { RemovalSuccess, Target } from './removal.js';
import { FocusedHeading } from './status.js';
import type { Result } from './use-removal.js';
import { toPhrase } from './wording.js';

interface AnswerProps {
  readonly result: Result;
  readonly target: Target;
  readonly who: string;
  readonly onRetry: () => void;
  readonly onClose: () => void;
}

/** What the gateway answered to a removal. */
export function Answer({ result, target, who, onRetry, onClose }: AnswerProps) {
  const { success } = result;
  return (
    <div class="answer">
      <FocusedHeading level={2} id="removal-title">
        {toTitle(result, target, who)}
      </FocusedHeading>
      <div class="sides-place">
        {success ? (
          <>
            <LostAndKept success={success} target={target} titles={['Lost', 'Kept']} />
            <Record success={success} />
          </>
        ) : (
          <Explained result={result} isPreview={false} />
        )}
      </div>
      <div class="actions">
        {!success && result.isRetryable && (
          <button type="button" class="button" onClick={onRetry}>
            Preview again
          </button>
        )}
        <button type="button" class="button button-primary" onClick={onClose}>
          {success ? 'Done' : 'Close'}
        </button>
      </div>
    </div>
  );
}

function toTitle(result: Result, target: Target, who: string): string {
  const { done, unchanged, unknown } = toPhrase(target, who);
  if (result.success) {
    return result.success.applied ? done : unchanged;
  }
  return result.explanation.certainty === 'UNKNOWN' ? unknown : unchanged;
}

function Record({ success: { __typename, revocation } }: { success: RemovalSuccess }) {
  return (
    <p class="fine record">
      <code>{__typename}</code>
      {revocation?.settledAt && <span>on record since {formatMinute(revocation.settledAt)}</span>}
      {revocation && <code>{revocation.id}</code>}
      {revocation && <code>trace {revocation.traceId}</code>}
    </p>
  );
}
