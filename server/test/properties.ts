import fc from 'fast-check'

// Properties are drawn from one seed, so that a run here and one elsewhere try the same cases; PREAU_TEST_SEED=random (or
// a number, as a failure prints it) tries others.
const seed = process.env['PREAU_TEST_SEED'] ?? '20261122'
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...(seed === 'random' ? {} : { seed: Number(seed) }) })
