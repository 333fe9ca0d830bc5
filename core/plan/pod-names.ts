/** Names with which an object is accepted, and its controller then cannot make pods. */
import type { Manifest } from '../manifest.ts';
import { read } from '../health/read.ts';
import type { ObjectKey } from '../refs.ts';
import { groupOf, kindName } from '../refs.ts';
import { titleOf } from './categories.ts';

/** Of a label of a pod, and of its host name. */
const LONGEST_LABEL = 63;
/** `-` and the hash of a template, with which the name of a StatefulSet is a label of its pods. */
const REVISION_SUFFIX = 11;
/** A CronJob appends the minute it runs at to the names of its Jobs, which are labels of pods. */
const SCHEDULE_SUFFIX = 11;

/** What is wrong with the names of workloads, one sentence each. */
export function podNameWarnings(
  objects: readonly { readonly key: ObjectKey; readonly manifest: Manifest }[],
): readonly string[] {
  return objects.flatMap(({ key, manifest }) => {
    const { apiVersion, kind, metadata } = manifest;
    const { length } = metadata.name;
    const longest = longestNameOf(kindName({ group: groupOf(apiVersion), kind }), manifest);
    return longest === undefined || length <= longest
      ? []
      : [`${titleOf(key)}: its name has ${length} characters, and pods can be made for ${longest} at most`];
  });
}

function longestNameOf(kind: string, manifest: Manifest): number | undefined {
  switch (kind) {
    case 'StatefulSet.apps':
      return LONGEST_LABEL - REVISION_SUFFIX;
    case 'CronJob.batch':
      return LONGEST_LABEL - SCHEDULE_SUFFIX;
    case 'Job.batch':
      return LONGEST_LABEL - indexSuffix(manifest);
    default:
      return undefined;
  }
}

/** The host names of an Indexed Job end with the index. */
function indexSuffix(job: Manifest): number {
  const completions = read(job, 'spec', 'completions');
  if (read(job, 'spec', 'completionMode') !== 'Indexed' || typeof completions !== 'number') return 0;
  return `-${Math.max(completions - 1, 0)}`.length;
}
