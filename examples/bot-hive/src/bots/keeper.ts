import { runAgent } from './agent.ts'
import { answerCommand } from './answer-command.ts'
import { backup } from './keeper/backup.ts'
import { bots } from './keeper/bots.ts'
import { exportSession } from './keeper/export.ts'
import { errors } from './keeper/errors.ts'
import { health } from './keeper/health.ts'
import { connectHive } from './keeper/hive-api.ts'
import { launch } from './keeper/launch.ts'
import { log } from './keeper/log.ts'
import { metrics } from './keeper/metrics.ts'
import { mode } from './keeper/mode.ts'
import { pause } from './keeper/pause.ts'
import { restart } from './keeper/restart.ts'
import { resume } from './keeper/resume.ts'
import { search } from './keeper/search.ts'
import { status } from './keeper/status.ts'
import { stop } from './keeper/stop.ts'

/*
 * Operates the hive through its HTTP API, as anybody with its address and token could.
 * A new command is a file in `keeper/` and a line here.
 */
const hive = connectHive({ url: process.env.HIVE_URL, token: process.env.HIVE_TOKEN })
const commands = [
  status, bots, launch, stop, restart, pause, resume, log,
  health, mode, errors, metrics,
  search, exportSession, backup,
].map(command => command(hive))

runAgent({
  name: 'keeper',
  ...answerCommand('I keep the hive: I tell how it is and operate its bots.', commands),
})
