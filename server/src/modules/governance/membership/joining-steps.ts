import type { Agreement } from '../agreements/agreement-schema.ts'

export type JoiningStep = Agreement['membership']['joining']['steps'][number]

/** The step that comes next, in the order of the agreement; undefined when all are taken, or it was refused. */
export function findNextStep(steps: readonly JoiningStep[], state: string): JoiningStep | undefined {
  const taken = steps.findIndex((step) => step === state)
  return taken === -1 ? undefined : steps[taken + 1]
}
