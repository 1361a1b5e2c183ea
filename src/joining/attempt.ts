import { describeError } from '../kube/errors.ts';

/**
 * What cannot be done is said, and the next thing is tried all the same.
 *
 * @param left gets a line about it
 * @param what what is left when it fails
 */
export async function attempt<T>(
  left: string[],
  what: string,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    left.push(`${what}: ${describeError(error)}`);
    return undefined;
  }
}
