/** The operator under fault, as the program loads it. */
import type { Operator } from '../../index.ts';
import type { ToySpec } from '../support/toy-operator.ts';
import { toyOperator } from '../support/toy-operator.ts';

export const underFault: Operator<ToySpec> = toyOperator();
