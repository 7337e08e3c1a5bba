import { readProblem } from './client.ts'

/**
 * Sends files as one multipart form, telling how many bytes are gone; `fetch` cannot tell.
 * @returns the text of the answer. Rejects with an `ApiProblem`, or a TypeError when the network fails.
 */
export function upload(
  url: string,
  files: File[],
  options: { signal: AbortSignal; onProgress: (sent: number, total: number) => void },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const form = new FormData()
    for (const file of files) form.append('files', file, file.name)
    request.upload.addEventListener('progress', ({ loaded, total }) => options.onProgress(loaded, total))
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve(request.responseText)
      else reject(readProblem(request.status, request.responseText))
    })
    request.addEventListener('error', () => reject(new TypeError('The network failed.')))
    request.addEventListener('abort', () => reject(new DOMException('Given up.', 'AbortError')))
    options.signal.addEventListener('abort', () => request.abort())
    request.open('POST', url)
    request.send(form)
  })
}
