/** A real browser without a screen, for what a person sees. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

/** @throws Error that says how to install one, when no Chromium is on the PATH. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
}

function findChromium(): string {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = directories
    .flatMap((directory) => PROGRAMS.map((program) => path.join(directory, program)))
    .find((file) => existsSync(file));
  if (found) return found;
  throw new Error(
    'no Chromium is on the PATH: install it (Debian and Ubuntu: apt-get install chromium), or set DURABLE_OPERATOR_SKIP_UI=1',
  );
}
