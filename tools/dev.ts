import { spawn } from 'node:child_process'
import { join } from 'node:path'

// `npm run dev`: the server restarted at each change, and the web pages by Vite on port 5173.
const root = join(import.meta.dirname, '..')
const server = spawn(process.execPath, ['--watch', join(root, 'server/src/main.ts')], { stdio: 'inherit' })
const web = spawn(process.execPath, [join(root, 'node_modules/vite/bin/vite.js')], {
  cwd: join(root, 'web'),
  stdio: 'inherit',
})
for (const child of [server, web]) child.on('exit', () => process.exit())
process.on('exit', () => {
  server.kill()
  web.kill()
})
