import type { IncomingMessage, ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerText } from './answer.ts';

const defaultSeconds = 10;
const mostSeconds = 120;

/** Takes CPU profiles of this process, one at a time. */
export class CpuProfiler {
  #isBusy = false;

  /**
   * Answers with a profile of the next `seconds` (10 unless told), as Chrome's developer tools and speedscope open
   * it. It names functions and files, and no data. Who leaves ends it.
   */
  async serve(_request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const seconds = Number(query.get('seconds') ?? defaultSeconds);
    if (!(seconds > 0 && seconds <= mostSeconds)) {
      answerText(response, 400, `seconds must be a number above 0 and not above ${mostSeconds}`);
      return;
    }
    if (this.#isBusy) {
      answerText(response, 429, 'a profile is being taken already');
      return;
    }
    this.#isBusy = true;
    try {
      const left = new AbortController();
      response.once('close', () => left.abort());
      const profile = await record(seconds * 1000, left.signal);
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-disposition': `attachment; filename="isthmus-${process.pid}.cpuprofile"`,
      });
      response.end(JSON.stringify(profile));
    } finally {
      this.#isBusy = false;
    }
  }
}

async function record(milliseconds: number, signal: AbortSignal): Promise<object> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await sleep(milliseconds, undefined, { signal }).catch(() => {});
    return (await session.post('Profiler.stop')).profile;
  } finally {
    session.disconnect();
  }
}
