from usage.admin import connection_list
from usage.admin.prices import PriceAdmin
from usage.admin.rows import UsageRowAdmin

__all__ = ["PriceAdmin", "UsageRowAdmin", "connection_list"]
