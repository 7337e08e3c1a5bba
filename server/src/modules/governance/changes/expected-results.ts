import type { Comparator, ExpectedResult, MeasuredResult, Measure } from './change-schema.ts'

const scale = 6

/** An exact decimal as a whole number of millionths. */
function toMillionths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace(',', '.').split('.')
  const digits = BigInt(whole.replace('-', '') + fraction.padEnd(scale, '0'))
  return whole.startsWith('-') ? -digits : digits
}

const holds: Record<Comparator, (value: bigint, target: bigint) => boolean> = {
  '>=': (value, target) => value >= target,
  '<=': (value, target) => value <= target,
  '>': (value, target) => value > target,
  '<': (value, target) => value < target,
  '=': (value, target) => value === target,
}

/** Whether an expected result is reached: its figure, exactly compared, and in time, the last day included. */
export function measureResult(expected: ExpectedResult, { value, measuredOn }: Measure): MeasuredResult {
  const met =
    holds[expected.comparator](toMillionths(value), toMillionths(expected.target)) && measuredOn <= expected.by
  return { ...expected, value, measuredOn, met }
}
