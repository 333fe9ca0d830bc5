/** Runs in the process of the test runner, whose environment the lanes inherit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CLAIMS_VARIABLE } from './claims.ts';

let claims: string | undefined;

export function globalSetup(): void {
  claims = mkdtempSync(path.join(tmpdir(), 'durable-operator-lanes-'));
  process.env[CLAIMS_VARIABLE] = claims;
}

export function globalTeardown(): void {
  if (claims) rmSync(claims, { recursive: true });
}
