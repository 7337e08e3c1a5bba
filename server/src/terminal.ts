/**
 * Lets a program go on when nobody reads what it says any more (`| head`, a log that ended): what it was asked for is
 * done to its end, and a server goes on serving.
 */
export function outliveReaders(...streams: NodeJS.WriteStream[]): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/**
 * A progress bar on one line of a terminal, with the time left; on something that is no terminal (a log), one line at
 * each tenth.
 * @returns a function told how far the work is.
 */
export function createProgress(stream: NodeJS.WriteStream): (label: string, done: number, total: number) => void {
  let label = ''
  let startedAt = 0
  let drawnAt = 0
  let tenth = -1
  return (next, done, total) => {
    const now = performance.now()
    if (next !== label) {
      label = next
      startedAt = now
      drawnAt = 0
      tenth = -1
    }
    const share = total > 0 ? Math.min(done / total, 1) : 1
    const finished = share === 1
    if (!stream.isTTY) {
      const reached = Math.floor(share * 10)
      if (reached > tenth) stream.write(`${label}: ${reached * 10} %\n`)
      tenth = reached
      return
    }
    if (!finished && now - drawnAt < 100) return
    drawnAt = now
    const width = 30
    const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
    const left = share > 0.02 ? Math.ceil(((now - startedAt) * (1 - share)) / share / 1000) : undefined
    const time = finished || left === undefined ? '' : ` · ${left} s left`
    stream.write(`\r\u001b[K${label}  ${bar} ${Math.round(share * 100)} %${time}${finished ? '\n' : ''}`)
  }
}
