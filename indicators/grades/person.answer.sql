select count() as count, if(count = 0, null, avg(grade)) as mean
from grades
