/** The shapes that say, beside words and colour, what happens to something. They are silent for screen readers. */
const shapes = {
  lost: 'M4 8h8',
  kept: 'M3.5 8.5l3 3 6-7',
  unknown: 'M6 6a2 2 0 1 1 2.6 2c-.4.1-.6.4-.6.9v.3M8 11.9v.1',
  refused: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
} as const;

export type Shape = keyof typeof shapes;

export function Icon({ shape }: { shape: Shape }) {
  return (
    <svg class={`icon icon-${shape}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={shapes[shape]} fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </svg>
  );
}
