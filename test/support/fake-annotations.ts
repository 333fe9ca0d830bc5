import type { Edit } from '../../core/commands/edit.ts';
import { annotationOf, edited } from '../../core/commands/edit.ts';
import { ordersOf } from '../../core/commands/orders.ts';

type Annotations = Readonly<Record<string, string>>;

/** The annotation that a command changes; an empty text takes it away. */
export function changeBy(edit: Edit, annotations: Annotations, now: number): Annotations {
  const name = annotationOf(edit);
  const known = { orders: ordersOf(annotations), text: annotations[name], now };
  return { [name]: edited(edit, known) ?? '' };
}
