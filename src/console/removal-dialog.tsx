import { useEffect, useRef } from 'preact/hooks';
import { Answer } from './answer.js';
import { type AccessMap, nameOf } from './directory.js';
import type { Explanation } from './explanations.js';
import { Preview } from './preview.js';
import type { Target } from './removal.js';
import { Status } from './status.js';
import { type Stage, useRemoval } from './use-removal.js';

interface RemovalDialogProps {
  readonly user: AccessMap;
  readonly target: Target;
  /** `isSent`: whether a removal was asked for, so that what is shown behind may be outdated. */
  readonly onClose: (isSent: boolean) => void;
}

/** Previews a removal by a dry run, carries it out, and tells what the gateway answered. */
export function RemovalDialog({ user, target, onClose }: RemovalDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const reason = useRef<HTMLTextAreaElement>(null);
  const { stage, isSent, preview, remove } = useRemoval(user, target);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  const isBusy = stage.name === 'REMOVING';
  useEffect(() => (isBusy ? holdPage() : undefined), [isBusy]);
  // Browsers close a dialog at the second Escape, whatever its `cancel` says; the answer would get lost with it.
  const leave = () => (isBusy ? dialog.current?.showModal() : onClose(isSent.current));
  return (
    <dialog
      ref={dialog}
      class="removal"
      aria-labelledby="removal-title"
      onCancel={(event) => isBusy && event.preventDefault()}
      onClose={leave}
    >
      <Status text={toNews(stage)} />
      {stage.name === 'ANSWERED' ? (
        <Answer result={stage.result} target={target} who={nameOf(user)} onRetry={preview} onClose={close} />
      ) : (
        <Preview
          {...{ stage, target, reason }}
          who={nameOf(user)}
          login={user.login}
          onRetry={preview}
          onCancel={close}
          onRemove={() => remove(reason.current?.value ?? '')}
        />
      )}
    </dialog>
  );
}

/** Has the browser ask before the page is closed or reloaded: the answer would never be seen. Returns the end of it. */
function holdPage(): () => void {
  const ask = (event: Event) => event.preventDefault();
  addEventListener('beforeunload', ask);
  return () => removeEventListener('beforeunload', ask);
}

/** What a screen reader is told. The answer's heading takes the focus, which says it. */
function toNews(stage: Stage): string {
  switch (stage.name) {
    case 'PREVIEWING':
      return 'Finding out what would happen.';
    case 'PREVIEWED':
      return stage.result.success ? 'The preview is there.' : toText(stage.result.explanation);
    case 'REMOVING':
      return 'Removing.';
    case 'ANSWERED':
      return stage.result.success ? '' : toText(stage.result.explanation);
  }
}

const toText = ({ title, detail }: Explanation) => `${title}. ${detail}`;
