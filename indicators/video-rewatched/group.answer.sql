select
  uniqExactIf(tupleElement(each, 2), tupleElement(each, 1) > 1) as learners,
  learners as count,
  any(slices.video) as video
from slices array join arrayZip(times, arrayEnumerate(times)) as each
