select count() as count, countIf(first_right) as first, countIf(not once_right) as open
from answers
