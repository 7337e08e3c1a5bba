select activity, kind, grade, given, last
from grades
order by last desc, activity
