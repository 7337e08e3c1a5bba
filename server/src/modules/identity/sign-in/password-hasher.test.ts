import { hash } from '@node-rs/argon2'
import { expect, test } from 'vitest'
import { createPasswordHasher } from './password-hasher.ts'

test('a password is recognised, however its accents are composed', async () => {
  const hasher = createPasswordHasher()
  const stored = await hasher.hash('goûter à l’école')
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await hasher.verify(stored, 'goûter à l’école'.normalize('NFD'))).toEqual({ matches: true, outdated: false })
  expect(await hasher.verify(stored, 'gouter a l’ecole')).toEqual({ matches: false, outdated: false })
})

test('a hash made under other parameters is recognised and told to be outdated', async () => {
  const hasher = createPasswordHasher()
  const weak = await hash('le cartable bleu', { memoryCost: 8_192, timeCost: 1 })
  expect(await hasher.verify(weak, 'le cartable bleu')).toEqual({ matches: true, outdated: true })
})

test('nothing matches where there is no hash, and it takes as long', async () => {
  const hasher = createPasswordHasher()
  const stored = await hasher.hash('le cartable bleu')
  const time = async (target: string | null) => {
    const begun = performance.now()
    expect((await hasher.verify(target, 'another password')).matches).toBe(false)
    return performance.now() - begun
  }
  await time(null)
  const spans = { known: [] as number[], unknown: [] as number[] }
  for (let round = 0; round < 9; round += 1) {
    spans.known.push(await time(stored))
    spans.unknown.push(await time(null))
  }
  // The fastest of each is the work itself; a missing verification would be hundreds of times faster.
  const ratio = Math.min(...spans.unknown) / Math.min(...spans.known)
  expect(ratio).toBeGreaterThan(0.2)
  expect(ratio).toBeLessThan(5)
})

test('a crowd waits its turn and past a thousand people is asked to come back', async () => {
  const hasher = createPasswordHasher()
  const stored = await hash('le cartable bleu', { memoryCost: 64, timeCost: 1 })
  const crowd = Array.from({ length: 1_100 }, () => hasher.verify(stored, 'le cartable bleu'))
  const outcomes = await Promise.allSettled(crowd)
  const served = outcomes.filter((each) => each.status === 'fulfilled' && each.value.matches)
  const refused = outcomes.filter((each) => each.status === 'rejected' && each.reason.code === 'sign_in_busy')
  expect(served.length + refused.length).toBe(1_100)
  expect(served.length).toBe(1_002)
  // And then it serves again.
  expect((await hasher.verify(stored, 'le cartable bleu')).matches).toBe(true)
})
