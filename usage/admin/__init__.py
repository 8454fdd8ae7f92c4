from usage.admin.prices import PriceAdmin
from usage.admin.rows import UsageRowAdmin

__all__ = ["PriceAdmin", "UsageRowAdmin"]
