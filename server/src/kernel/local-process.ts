import { readFileSync } from 'node:fs'

/** Whether a process of this machine runs. One that ended and that its parent has not noticed yet does not. */
export function isRunningProcess(pid: number): boolean {
  if (process.platform === 'linux') {
    const state = readStat(pid)?.[0]
    return state !== undefined && state !== 'Z' && state !== 'X'
  }
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A name for a process that no other process of this machine ever bears: its pid and the tick it started at. */
export function markProcess(pid: number): string {
  return `${pid}-${readStat(pid)?.[19] ?? '0'}`
}

/** Fields of proc_pid_stat(5) from the third, `state`; undefined when there is no such process. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
