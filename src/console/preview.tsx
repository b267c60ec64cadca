import type { RefObject } from 'preact';
import { Explained } from './explained.js';
import { LostAndKept } from './lost-and-kept.js';
import type { Target } from './removal.js';
import { FocusedHeading } from './status.js';
import type { Stage } from './use-removal.js';
import { toPhrase } from './wording.js';

interface PreviewProps {
  readonly stage: Stage;
  readonly target: Target;
  readonly who: string;
  /** Tells people of the same name apart. */
  readonly login: string;
  readonly reason: RefObject<HTMLTextAreaElement | null>;
  readonly onRetry: () => void;
  readonly onCancel: () => void;
  readonly onRemove: () => void;
}

/** What would happen, and the way to make it happen. */
export function Preview({ stage, target, who, login, reason, onRetry, onCancel, onRemove }: PreviewProps) {
  const result = 'result' in stage ? stage.result : null;
  const phrase = toPhrase(target, who);
  const isBusy = stage.name === 'REMOVING';
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onRemove();
  };
  return (
    <form onSubmit={submit} aria-busy={stage.name !== 'PREVIEWED'}>
      <FocusedHeading level={2} id="removal-title">
        {phrase.action}?
      </FocusedHeading>
      <p class="hint">{login}. A preview: nothing has been changed.</p>
      <div class="sides-place">
        {result?.success && <LostAndKept success={result.success} target={target} titles={['Loses', 'Keeps']} />}
        {result?.success === null && <Explained result={result} isPreview />}
        {!result && <p class="hint waiting">Finding out what would happen…</p>}
      </div>
      <div class="field" hidden={result?.success === null}>
        <label for="reason">Reason, for the audit trail (optional)</label>
        <textarea id="reason" ref={reason} rows={2} maxLength={500} disabled={isBusy} />
      </div>
      <div class="actions">
        <button type="button" class="button" disabled={isBusy} onClick={onCancel}>
          {result?.success === null ? 'Close' : 'Cancel'}
        </button>
        {result?.success === null ? (
          result.isRetryable && (
            <button type="button" class="button button-primary" onClick={onRetry}>
              Preview again
            </button>
          )
        ) : (
          <button type="submit" class="button button-danger" disabled={isBusy || !result}>
            {isBusy ? 'Removing…' : phrase.button}
          </button>
        )}
      </div>
    </form>
  );
}
