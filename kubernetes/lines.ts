const NEWLINE = 10;

/** Cuts a stream of chunks into lines. Works on bytes: a chunk may end in the middle of a character. */
export class LineSplitter {
  #rest: Buffer[] = [];

  push(chunk: Buffer, take: (line: string) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line =
        this.#rest.length > 0 ? this.#joined(chunk.subarray(start, end)) : chunk.toString('utf8', start, end);
      start = end + 1;
      if (line !== '') take(line);
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  #joined(end: Buffer): string {
    const line = Buffer.concat([...this.#rest, end]).toString('utf8');
    this.#rest = [];
    return line;
  }
}
