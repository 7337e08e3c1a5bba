select sum(tries) as count, count() as activities, countIf(tries > 1) as again
from (select activity, count() as tries from attempts group by activity)
