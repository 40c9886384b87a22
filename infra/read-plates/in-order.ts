/** Works ahead on a few at once and hands out what came of them in the order in which they were given. */
export async function* inOrder<Given, Done>(
  given: AsyncIterable<Given>,
  parallel: number,
  work: (one: Given) => Promise<Done>,
): AsyncGenerator<Done> {
  const running: Promise<Done>[] = [];
  for await (const one of given) {
    running.push(work(one));
    if (running.length < parallel) continue;
    const first = running.shift();
    if (first) yield await first;
  }
  for (const rest of running) yield await rest;
}
