/**
 * Preloaded into a program: each SIGUSR2 moves what it takes for the time an hour ahead, or back again. Timers go on as
 * they did, as they do when a real clock is set.
 */
const real = Date;
let shift = 0;

globalThis.Date = class extends real {
  constructor(...args) {
    super(...(args.length === 0 ? [real.now() + shift] : args));
  }

  static now() {
    return real.now() + shift;
  }
};

process.on('SIGUSR2', () => {
  shift = shift === 0 ? 3_600_000 : 0;
});
