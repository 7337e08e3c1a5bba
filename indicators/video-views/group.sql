select
  video,
  uniqExact(learner) as learners,
  sum(viewers.views) as views,
  countIf(finished) as completed,
  if(countIf(viewers.views > 0) = 0, null, countIf(finished and viewers.views > 0) / countIf(viewers.views > 0)) as share,
  sum(viewers.downloads) as downloads
from viewers
group by video
order by learners desc, views desc, video
limit 1000
