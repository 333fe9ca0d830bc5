/** One resource of as many ConfigMaps as its spec asks for: what `large.ts` measures. */
import { configMap, customResource, defineOperator } from '../index.ts';

interface LargeSpec {
  readonly count: number;
  readonly edition: number;
}

export default defineOperator(customResource<LargeSpec>('bench.dev/v1', 'Large'), {
  desired({ spec }, named) {
    return Array.from({ length: spec.count }, (_, index) =>
      configMap(named(`${index}`), { data: { edition: `${spec.edition}` } }),
    );
  },
});
