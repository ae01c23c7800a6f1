import { spawnSync } from 'node:child_process'

/** Tells whether a program is on PATH; in continuous integration it must be. */
export const needs = (program: string): boolean => {
  const there = spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
  if (!there && process.env['CI'] === 'true') throw new Error(`${program} is not installed.`)
  return there
}
