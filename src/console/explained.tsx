import { Icon } from './icons.js';
import type { Result } from './use-removal.js';

interface ExplainedProps {
  readonly result: Extract<Result, { success: null }>;
  readonly isPreview: boolean;
}

const verdicts = {
  PREVIEW: { UNCHANGED: 'The removal would be refused.', UNKNOWN: 'What would happen is not known.' },
  ANSWER: {
    UNCHANGED: 'Nothing has been taken away.',
    UNKNOWN: 'Not known to be removed: treat the access as still there.',
  },
} as const;

/** An answer that is no success: what it means, whether anything was taken away, and what leads to it in the log. */
export function Explained({ result: { explanation, type, traceId }, isPreview }: ExplainedProps) {
  const { title, detail, certainty } = explanation;
  const isUnknown = certainty === 'UNKNOWN';
  return (
    <div class={`explained explained-${certainty.toLowerCase()}`}>
      <Icon shape={isUnknown ? 'unknown' : 'refused'} />
      <div>
        <p class="explained-title">{title}</p>
        <p>{detail}</p>
        <p class="explained-certainty">{verdicts[isPreview ? 'PREVIEW' : 'ANSWER'][certainty]}</p>
        <p class="fine">
          {type && <code>{type}</code>} {traceId && <code>trace {traceId}</code>}
        </p>
      </div>
    </div>
  );
}
