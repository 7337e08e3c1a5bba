select
  video,
  low,
  high,
  arrayCount(each -> each > 1, times) as learners,
  if(arrayCount(each -> each > 0, times) = 0, 0, learners / arrayCount(each -> each > 0, times)) as share
from slices
order by low
