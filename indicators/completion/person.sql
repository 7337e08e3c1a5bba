select first as date, activity, kind
from done
order by date, activity
