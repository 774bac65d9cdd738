import { Anchor, Code } from '@mantine/core';

const marks = /(`[^`]+`|\[[^\]]+\]\(#[\w-]+\))/g;

/** A text with `code` and [links](#within-the-page). */
export function Rich({ text }: { readonly text: string }) {
  // The texts are constants: a piece's place is its identity.
  return text.split(marks).map((piece, place) => {
    const key = `${place}`;
    if (piece.startsWith('`'))
      return (
        <Code key={key} className="docs-code">
          {piece.slice(1, -1)}
        </Code>
      );
    const link = /^\[(.+)\]\((#.+)\)$/.exec(piece);
    if (link === null) return piece;
    return (
      <Anchor key={key} href={link[2] ?? '#'}>
        {link[1]}
      </Anchor>
    );
  });
}
