select count() as count, countIf(mean < 0.5) as below
from people
