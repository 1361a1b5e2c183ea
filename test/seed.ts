/**
 * What a test draws from: `ISTHMUS_SEED`, a number or `any`. Without it a run draws what every run draws, so that who
 * broke nothing sees nothing new; who looks for what nobody has found yet says `any`, and the test prints what it was.
 */
export function seedOfRun(environment: Readonly<Record<string, string | undefined>> = process.env): number {
  const asked = environment['ISTHMUS_SEED'] ?? '1';
  return asked === 'any' ? Date.now() % 2 ** 31 : Number(asked);
}
