import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Says `text` to screen readers whenever it changes. It has to be there before the text is. */
export function Status({ text }: { text: string }) {
  return (
    <p class="quiet-status" role="status">
      {text}
    </p>
  );
}

interface ProblemProps {
  readonly failure: Error;
  readonly onRetry: () => void;
}

/** Says that something could not be had, and offers to try again. */
export function Problem({ failure, onRetry }: ProblemProps) {
  return (
    <div class="problem" role="alert">
      <p>{failure.message}</p>
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

interface HeadingProps {
  readonly level: 1 | 2;
  readonly id?: string;
  readonly children: ComponentChildren;
}

/** A heading that takes the focus when it comes up, so that the keyboard and the screen reader go on from there. */
export function FocusedHeading({ level, id, children }: HeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const Level = level === 1 ? 'h1' : 'h2';
  return (
    <Level ref={heading} id={id} tabIndex={-1} class="focused-heading">
      {children}
    </Level>
  );
}
