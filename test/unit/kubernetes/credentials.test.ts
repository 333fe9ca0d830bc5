import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { CredentialStore } from '../../../kubernetes/credentials.ts';

describe('credentials', () => {
  it(
    'are given up when a plugin does not answer in time, and asked for again',
    { timeout: 20_000 },
    async () => {
      const config = new KubeConfig();
      config.loadFromOptions({
        clusters: [{ name: 'c', server: 'https://127.0.0.1:1' }],
        users: [
          {
            name: 'slow',
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1',
              command: process.execPath,
              // Ends by itself soon after the test has seen that nobody waits for it.
              args: ['-e', 'setTimeout(() => undefined, 2_000)'],
              interactiveMode: 'Never',
            },
          },
        ],
        contexts: [{ name: 'x', cluster: 'c', user: 'slow' }],
        currentContext: 'x',
      });
      const store = new CredentialStore(config, 200);
      for (const _ of [1, 2])
        await assert.rejects(store.get(), {
          reason: 'Unauthorized',
          message: 'cannot get the credentials of user "slow" of the kubeconfig: no answer within 0.2 s',
        });
    },
  );
});
