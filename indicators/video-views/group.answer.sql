select
  uniqExact(video) as count,
  uniqExact(learner) as learners,
  sum(viewers.views) as views,
  if(countIf(viewers.views > 0) = 0, null, countIf(finished and viewers.views > 0) / countIf(viewers.views > 0)) as share
from viewers
