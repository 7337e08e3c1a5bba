/** Why a service of another system could not be read. Its message holds neither secret nor anything that was answered. */
export class ServiceFailure extends Error {
  readonly code: 'service_unreachable' | 'token_refused' | 'service_refused' | 'answer_invalid'
  readonly status: number | null

  constructor(code: ServiceFailure['code'], status: number | null = null) {
    super(status === null ? code : `${code} ${status}`)
    this.code = code
    this.status = status
  }
}

/**
 * The JSON of an answer, read no further than it may be long.
 * @returns undefined for what is no JSON: an error page, nothing.
 * @throws ServiceFailure `answer_invalid` past `mostBytes`.
 */
export async function readJson(answer: Response, mostBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of answer.body ?? []) {
      size += chunk.byteLength
      if (size > mostBytes) throw new ServiceFailure('answer_invalid', answer.status)
      chunks.push(chunk)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (error instanceof ServiceFailure) throw error
    return undefined
  }
}
