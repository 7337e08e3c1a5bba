select count() as count, countIf(finished) as whole, countIf(viewers.views > 1) as again
from viewers
