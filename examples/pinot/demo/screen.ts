import logUpdate from 'log-update';
import colours from 'picocolors';
import type { ClusterView } from './cluster-view.ts';
import type { Paint } from './tree.ts';
import { treeOf } from './tree.ts';

/** Where the demonstration is seen. */
export interface Screen {
  readonly paint: Paint;
  /** A line that stays. */
  say(line: string): void;
  /** The state of things; takes the place of the last one where the output can do that. */
  show(view: ClusterView): void;
  /** Leaves what is shown, and gives the terminal back. */
  end(): void;
}

/** On a terminal the tree changes in place; elsewhere each line is written when it is new. */
export function openScreen(output: NodeJS.WriteStream): Screen {
  return output.isTTY ? liveScreen() : plainScreen(output);
}

function liveScreen(): Screen {
  const paint = colours;
  let shown = '';
  return {
    paint,
    say(line) {
      logUpdate.persist(line);
      if (shown) logUpdate(shown);
    },
    show(view) {
      shown = `\n${treeOf(view, paint).join('\n')}\n`;
      logUpdate(shown);
    },
    end: () => logUpdate.done(),
  };
}

function plainScreen(output: NodeJS.WriteStream): Screen {
  const paint = colours.createColors(false);
  let before: ReadonlySet<string> = new Set();
  return {
    paint,
    say: (line) => void output.write(`${line}\n`),
    show(view) {
      const lines = treeOf(view, paint);
      for (const line of lines) if (!before.has(line)) output.write(`   ${line}\n`);
      before = new Set(lines);
    },
    end: () => undefined,
  };
}
