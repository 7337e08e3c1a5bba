select video, low, high, arraySum(times) as times
from slices
order by low
