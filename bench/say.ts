/** Progress goes to standard error, so that standard output is the result alone. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
