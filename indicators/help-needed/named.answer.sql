select
  uniqExactIf(learner, rule != '') as count,
  countIf(rule in ('', 'never', 'away', 'slower')) as known,
  countIf(rule != '') as reasons
from told
