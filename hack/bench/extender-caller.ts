import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What to ask the extender. */
export interface ExtenderCall {
  readonly verb: 'filter' | 'prioritize';
  readonly body: string;
}

/** What it said, and after how long. */
export interface ExtenderAnswer {
  readonly answer: string;
  readonly milliseconds: number;
}

/** Makes one call after the other for the process that started this one, to the port that it names. */
function main(): void {
  const port = Number(process.argv[2]);
  const agent = new Agent({ keepAlive: true });
  process.on('message', ({ verb, body }: ExtenderCall) => {
    const began = performance.now();
    request({ agent, port, method: 'POST', path: `/${verb}` }, (response) => {
      void text(response).then((answer) =>
        process.send?.({ answer, milliseconds: performance.now() - began } satisfies ExtenderAnswer),
      );
    }).end(body);
  });
  process.on('disconnect', () => process.exit());
}

main();
