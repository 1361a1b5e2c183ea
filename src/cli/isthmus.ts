import yargs, { type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { describeError } from '../kube/errors.ts';
import { deschedulerCommand } from './descheduler-command.ts';
import { downCommand } from './down.ts';
import { explainCommand } from './explain/command.ts';
import { joinCommand } from './join.ts';
import { multischedulerCommand } from './multischeduler-command.ts';
import { providerCommand } from './provider-command.ts';
import { statusCommand } from './status/command.ts';
import { unjoinCommand } from './unjoin.ts';
import { upCommand } from './up-command.ts';
import { version } from './version.ts';
import { webhookCommand } from './webhook-command.ts';

const commands = [
  providerCommand,
  multischedulerCommand,
  deschedulerCommand,
  joinCommand,
  unjoinCommand,
  webhookCommand,
  upCommand,
  downCommand,
  statusCommand,
  explainCommand,
];

/** Exit codes: 0 done, 1 it failed, 2 the command line was wrong. */
async function main(args: string[]): Promise<void> {
  const parser = yargs(args)
    .scriptName('isthmus')
    // As flags of Go programs are read: `--no-verify-clients` and `--klog.v` are names, and of two the last holds.
    .parserConfiguration({
      'boolean-negation': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
    })
    .usage('$0 <command>\n\nMany Kubernetes clusters, used as one.')
    .command(commands as CommandModule[])
    .demandCommand(1, 'name a command')
    .strict()
    .version(version)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error) => {
      // A command that failed has no message; a check of flags has both, and says what to write.
      if (!message) throw error;
      const said = error ? describeError(error) : `${describeError(message)}; see ${helpFor(args)}`;
      process.stderr.write(`isthmus: ${said}\n`);
      process.exit(2);
    });
  try {
    await parser.parseAsync();
  } catch (error) {
    process.stderr.write(`isthmus: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}

/** Where it is said how the command is written. */
function helpFor([name]: string[]): string {
  const isCommand = commands.some(({ command }) => command?.toString().split(' ')[0] === name);
  return isCommand ? `isthmus ${name} --help` : 'isthmus --help';
}

await main(hideBin(process.argv));
