/** Work in the order it was asked for; what fails holds up nothing. */
export const oneAtATime = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <R>(work: () => Promise<R>): Promise<R> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
};
