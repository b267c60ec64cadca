/**
 * Puts links above GraphiQL, which has no place for any, and all of its tabs in sight: by itself it keeps those that
 * don't fit beyond an edge, without a scrollbar to tell of them.
 */
export function frame(page: string, links: Readonly<Record<string, string>>): string {
  const anchors = Object.entries(links).map(([text, path]) => `<a href="${path}" target="_blank">${text}</a>`);
  return page
    .replace('</head>', `<style>${styles}</style></head>`)
    .replace('<div id="root">', `<nav class="divest-links" aria-label="Divest">${anchors.join('')}</nav>$&`);
}

// GraphiQL leaves its tabs with an outdated shift that takes effect when one is pressed: it jumps away from under the
// mouse, and the click is lost. The colours are those of its two themes.
const styles = `
.graphiql-tab { transform: none !important; }
.graphiql-container .graphiql-tabs { flex-wrap: wrap; row-gap: 4px; overflow: visible; }
.graphiql-container .graphiql-session-header { height: auto; }
body { display: flex; flex-direction: column; height: 100vh; margin: 0; }
#root { flex: 1; min-height: 0; }
#root .graphiql-container { height: 100%; }
.divest-links {
  color-scheme: light dark; background: light-dark(#fff, #212a3b); color: light-dark(#3b4b68, #b7c2d7);
  display: flex; gap: 16px; justify-content: flex-end; padding: 8px 16px 0; font: 14px Roboto, sans-serif;
}
.graphiql-light .divest-links { color-scheme: light; }
.graphiql-dark .divest-links { color-scheme: dark; }
.divest-links a { color: inherit; }
`;
