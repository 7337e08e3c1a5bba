select count() as count, countIf(first > {until:Date} - 7) as recent
from done
