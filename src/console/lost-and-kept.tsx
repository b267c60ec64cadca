import { useId } from 'preact/hooks';
import { Icon, type Shape } from './icons.js';
import { type Fact, toOutcome } from './outcome.js';
import type { RemovalSuccess, Target } from './removal.js';

interface LostAndKeptProps {
  readonly success: RemovalSuccess;
  readonly target: Target;
  readonly titles: readonly [lost: string, kept: string];
}

/** What is lost and what is kept, side by side: told apart by words, shape, place and colour. */
export function LostAndKept({ success, target, titles: [lostTitle, keptTitle] }: LostAndKeptProps) {
  const { lost, kept } = toOutcome(success, target);
  return (
    <div class="sides">
      <Side shape="lost" title={lostTitle} facts={lost} />
      <Side shape="kept" title={keptTitle} facts={kept} />
    </div>
  );
}

interface SideProps {
  readonly shape: Extract<Shape, 'lost' | 'kept'>;
  readonly title: string;
  readonly facts: readonly Fact[];
}

function Side({ shape, title, facts }: SideProps) {
  const titleId = useId();
  return (
    <section class={`side side-${shape}`} aria-labelledby={titleId}>
      <h3 id={titleId}>
        {title} <span class="count">{facts.reduce((sum, { count = 1 }) => sum + count, 0)}</span>
      </h3>
      {facts.length === 0 && <p>Nothing</p>}
      <ul>
        {facts.map(({ id, kind, name, detail }) => (
          <li key={id}>
            <Icon shape={shape} />
            <span>
              <span class="fact-kind">{kind}</span> <span class="fact-name">{name}</span>
              {detail && <span class="fact-detail">{detail}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
